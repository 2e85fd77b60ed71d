"""Command lines of earlier versions, as they are stored in checkpoints and scripts."""

import shlex

import pytest

from vae.__main__ import main
from vae.commands import RENAMED_OPTIONS

REQUIRED = {
    "train": ["--out", "x"],
    "augment": ["c", "--out", "x.zip"],
    "score": ["c", "i.png"],
    "lookup": ["c", "i.png"],
    "interpolate": ["c", "--start", "0,0", "--end", "1,1", "--out", "x.gif"],
}
LINES = [
    "train --data digits --model cvae --unlabelled 0.1 --out x --no-follow --no-evaluate --full",
    "train --data x.zip --prior flow --start c --refine 3 --out x --follow --half --resume",
    "train --model hvae --levels 16,32 --binarize --free-bits 0.5 --stream --out x --threads 1",
    "encode c digits --out x.npz --stream",
    "evaluate c --grey --iwae-k 10 --save --json",
    "sample c --n 64 --out sheet.png --seed 0 --label Sneaker --prior aggregate --scale 2",
    "interpolate c --start 0,0 --end 1,1 --geodesic --even-change --out x.mp4 --order ping-pong",
    "score c a.png b.png --score squared --false-alarms 0.1 --as-is --save --json",
    "lookup c a.png --near 3 --data digits --json",
    "augment c --per-class 3 --least-confidence 0.5 --spread 1 --out x.npz",
    "export c --onnx x",
    "table checkpoints --readme README.md",
]


def parsed(name, arguments):
    with main.commands[name].make_context(name, list(arguments)) as context:
        return context.params


@pytest.mark.parametrize("line", LINES)
def test_earlier_command_lines_are_parsed(line):
    name, *arguments = shlex.split(line)
    assert parsed(name, arguments)


@pytest.mark.parametrize(("old", "new"), RENAMED_OPTIONS.items())
def test_an_earlier_spelling_means_the_same_and_is_hidden(old, new):
    for name, required in REQUIRED.items():
        command = main.commands[name]
        option = next((p for p in command.params if new in p.opts + p.secondary_opts), None)
        if option is None:
            continue
        values = [[]] if option.is_flag else [["0.5"], ["3"]][option.name == "neighbours" :]
        for value in values:
            expected = parsed(name, [*required, new, *value])
            assert parsed(name, [*required, old, *value]) == expected
            assert expected != parsed(name, required) or not value
            if value:
                assert parsed(name, [*required, f"{old}={value[0]}"]) == expected
        with command.make_context(name, required) as context:
            assert f"{old} " not in command.get_help(context)
        return
    raise AssertionError(f"no command has the option {new}")
