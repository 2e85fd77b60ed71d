"""Columns as the colours of a map."""

import numpy as np
import pytest

from vae.analysis.columns import BINS, MAX_CATEGORIES, MISSING, OTHER, colouring


def test_texts_are_categories_in_natural_order():
    column = colouring(np.array(["set 10", "set 2", "", "Set 1", "set 2", "set 10"]))
    assert column.names == ("Set 1", "set 2", "set 10", MISSING) and column.own == 3
    assert column.kinds.tolist() == [2, 1, 3, 0, 1, 2] and column.ends is None


def test_of_many_texts_the_most_frequent_have_a_category():
    values = np.array([f"v{k}" for k in range(30) for _ in range(k + 1)] + [""])
    column = colouring(values)
    assert len(column.names) == MAX_CATEGORIES + 1 and column.own == MAX_CATEGORIES - 1
    assert column.names[0] == "v11" and column.names[-2:] == (OTHER, MISSING)
    assert (column.kinds[: sum(range(1, 12))] == column.own).all()  # v0 to v10
    assert column.texts()[0] == "v0"  # what an item has is told in its own words


def test_numbers_are_on_a_scale_from_the_lowest_to_the_highest():
    column = colouring(np.array([0.5, np.nan, 2.5, 1.5, np.inf, 0.5004999]))
    assert column.ends == ("0.5", "2.5") and column.own == BINS
    assert column.kinds.tolist() == [0, BINS, BINS - 1, BINS // 2, BINS, 0]
    assert column.names[BINS:] == (MISSING,)
    assert column.texts() == ["0.5", "", "2.5", "1.5", "", "0.5005"]


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([3, 1, 2, 1, 10], ("1", "2", "3", "10")),
        ([3.0, 1.0, np.nan, 1.0], ("1", "3", MISSING)),
        ([True, False, True], ("no", "yes")),
        (["3", "1", "", "1"], ("1", "3", MISSING)),
        (["007", "012", "007"], ("007", "012")),
        (["2020-01-01", "soon", "soon"], ("2020-01-01", "soon")),
        (["nan", "a", "a"], ("a", MISSING)),
    ],
)
def test_few_whole_numbers_truths_and_codes_are_categories(values, names):
    assert colouring(np.array(values)).names == names


def test_texts_of_numbers_and_of_dates_are_on_a_scale():
    numbers = colouring(np.array(["1.5", "-2", "", "1e3"]))
    assert numbers.ends == ("-2", "1000") and numbers.kinds[2] == BINS
    dates = colouring(np.array(["2021-01-01", "2020-01-01", "2020-07-02", ""]))
    assert dates.ends == ("2020-01-01", "2021-01-01")
    assert dates.kinds.tolist() == [BINS - 1, 0, BINS // 2, BINS]
    assert dates.texts()[2] == "2020-07-02"


@pytest.mark.parametrize(
    "values",
    [["a", "b", "c"], ["a", "a"], ["", ""], [1.5, 1.5], [np.nan, np.nan], [[1, 2], [3, 4]]],
)
def test_a_column_that_shows_nothing_has_no_colours(values):
    assert colouring(np.array(values)) is None


def test_large_and_huge_numbers_are_told_shortly():
    column = colouring(np.array([1e300, 2019.0, -0.000123456789, 123456789.0, *range(20)]))
    assert column.texts()[:4] == ["1e+300", "2019", "-0.000123457", "123456789"]
    assert column.ends == ("-0.000123457", "1e+300")
    assert colouring(np.array([-1.7e308, 0.1, 1.7e308])).kinds.tolist() == [0, BINS // 2, BINS - 1]
