"""How much of the disk visitors may fill: what counts, whom it holds, what is said."""

import pytest

from vae import limits
from vae.files import owners, quota
from vae.files.quota import QuotaError
from vae.limits import Limits

ANNE, BEN = owners.visitor_of("anne"), owners.visitor_of("ben")
HERE = owners.visitor_of("anne", local=True)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """1.5 MB of Anne in a run and a model, 1 MB of Ben, and much that has no owner."""
    monkeypatch.setattr(limits, "current", lambda: Limits(kept_per_visitor_mb=2, kept_mb=3))
    sizes = {"run": (ANNE, 1.0), "model": (ANNE, 0.5), "other": (BEN, 1.0), "ours": (None, 9)}
    for name, (owner, size) in sizes.items():
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "file").write_bytes(bytes(int(size * 2**20)))
        owners.record(tmp_path / name, owner)
    return [(f"the thing {name}", tmp_path / name) for name in sizes]


def test_each_visitor_has_a_quota_and_is_told_what_to_delete(kept):
    quota.check(ANNE, kept)
    quota.check(ANNE, kept, 2**18)
    said = "your runs and models would take 2 MB; at most 2 MB: delete some, the largest is "
    with pytest.raises(QuotaError, match=rf"^{said}the thing run \(1 MB\)$"):
        quota.check(ANNE, kept, 2**19)
    with pytest.raises(QuotaError, match=r"^all runs and models would take 3 MB; at most 3 MB: "):
        quota.check(BEN, kept, 2**19)
    stranger = owners.visitor_of("new")
    with pytest.raises(QuotaError, match="wait until others have deleted some"):
        quota.check(stranger, kept, 2**19)


def test_who_is_at_this_machine_or_at_the_command_line_is_not_limited(kept):
    quota.check(HERE, kept, 2**30)
    quota.check(None, kept, 2**30)
