"""Evenly spaced subsets."""

from vae.data.dataset import evenly_spaced


def test_both_ends_are_included_and_no_index_repeats():
    assert evenly_spaced(10, 4).tolist() == [0, 3, 6, 9]
    assert evenly_spaced(3, 10).tolist() == [0, 1, 2]
    assert evenly_spaced(0, 10).tolist() == []
    assert len(evenly_spaced(9973, 500)) == 500
