"""What was read from a source, what was not, and why."""

from collections import Counter
from dataclasses import dataclass

from ..files.csv_table import to_csv
from ..formats.sources import Skipped


@dataclass(frozen=True)
class Report:
    """`read` images; files that were `refused`, which should have been pictures, or `skipped`,
    each with the reason; and `notes` on how values, colours and splits were understood."""

    read: int
    refused: tuple[Skipped, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()

    def summary(self, verb: str = "read") -> str:
        """For example "1,203 images read, 4 refused, 12 skipped"."""
        parts = [f"{self.read:,} image{'s' * (self.read != 1)} {verb}"]
        parts += [f"{len(self.refused):,} refused"] * bool(self.refused)
        parts += [f"{len(self.skipped):,} skipped"] * bool(self.skipped)
        return ", ".join(parts)

    def lines(self, most: int = 3) -> list[str]:
        """The notes, and each reason with its number of files and the names of `most` of them."""
        lines = list(self.notes)
        for word, files in (("refused", self.refused), ("skipped", self.skipped)):
            for reason, count in Counter(kind(file) for file in files).most_common():
                names = [file.path for file in files if kind(file) == reason]
                shown = ", ".join(names[:most]) + ", ..." * (count > most)
                lines.append(f"{count:,} {word}: {reason} ({shown})")
        return lines

    def to_csv(self) -> str:
        """One line per file that was not read."""
        rows = [("refused", *file) for file in self.refused]
        return to_csv(("what", "file", "reason"), rows + [("skipped", *f) for f in self.skipped])


def kind(file: Skipped) -> str:
    """The reason without the name of the file, which begins the sentences of errors."""
    name = file.path.rsplit("/", 1)[-1][:99]
    return file.reason.removeprefix(file.path[:99]).removeprefix(name).strip()
