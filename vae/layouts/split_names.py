"""Which split a name means."""

import re

from .leftovers import words

_SPLITS = {
    "train": r"(train|training|trn)(set|data|images)?",
    "val": r"(val|valid|validate|validation|dev|eval|evaluation)(set|data|images)?",
    "test": r"(test|testing|tst|holdout)(set|data|images)?",
}


def split_of(name: str) -> str:
    """The split that a name means, "train", "val" or "test", or "": of "Training", "val2017",
    "images_test", "seg_train", "trainA"."""
    return split_and_rest(name)[0]


def split_and_rest(name: str) -> tuple[str, str]:
    """The split of a name, from its first or last word, and its other words without numbers."""
    found = words(name)
    if found[-2:-1] and found[-1] == "set":  # "rps-test-set"
        found[-2:] = [found[-2] + "set"]
    for index in (0, -1) if found else ():
        for split, spelling in _SPLITS.items():
            if re.fullmatch(spelling, found[index]):
                return split, " ".join(found[1:] if index == 0 else found[:-1])
    return "", name


def names_a_split(name: str) -> bool:
    """Whether a name is that of a split and nothing else."""
    return any(re.fullmatch(spelling, name.casefold()) for spelling in _SPLITS.values())
