"""Tables as CSV: read back by Python's reader, safe to open in a spreadsheet."""

import csv
import io

import pytest

from vae.files import csv_table


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_every_row_and_text_is_read_back():
    rows = [(1, "Boots, high", None, 0.1), (2, 'a "quoted"\nnote', "", -2.5e-07)]
    found = read(csv_table.to_csv(("number", "note", "parent", "z1"), iter(rows)))
    assert found[0] == ["number", "note", "parent", "z1"]
    assert found[1] == ["1", "Boots, high", "", "0.1"]
    assert found[2][:3] == ["2", 'a "quoted"\nnote', ""] and float(found[2][3]) == -2.5e-07


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd", "@SUM(A1)", "\t=1", "\r=1"]
)
def test_what_a_spreadsheet_would_evaluate_is_text(text):
    assert read(csv_table.to_csv(["name"], [[text]]))[1] == [f"'{text}"]


@pytest.mark.parametrize("text", ["-1.25", "+3", "-1e-5", "a=b", "boots-2.png", ""])
def test_numbers_and_plain_names_are_unchanged(text):
    assert read(csv_table.to_csv(["name", "other"], [[text, 1]]))[1] == [text, "1"]
