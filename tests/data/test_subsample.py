"""Some of many."""

from vae.data.subsample import evenly


def test_the_ends_are_kept_and_none_is_taken_twice():
    assert evenly(10, 4).tolist() == [0, 3, 6, 9]
    assert evenly(3, 10).tolist() == [0, 1, 2]
    assert evenly(0, 10).tolist() == []
    assert len(evenly(9973, 500)) == 500
