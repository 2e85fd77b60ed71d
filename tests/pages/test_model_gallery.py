"""What models are for, and their order in the gallery."""

from dataclasses import replace

from live import ROOT

import vae
from pages.ui.models.families import PURPOSES, by_purpose
from vae.files import owners

CHECKPOINTS = ROOT / "checkpoints"


def test_every_bundled_model_has_a_purpose_and_models_come_in_natural_order():
    entries = vae.list_checkpoints(CHECKPOINTS)
    mine = replace(entries[0], name="mine", error="damaged", config=None)
    groups = by_purpose([*entries, mine], owners.bundled(CHECKPOINTS))
    names = {title: [e.name for e in group] for title, group in groups.items()}
    assert list(names) == list(PURPOSES)
    assert names["Sharp pictures"] == ["emoji-exemplar", "fashion-exemplar", "garments-exemplar"]
    assert names["Many latents"] == ["fashion-vae-10"] and names["Your own"] == ["mine"]
    assert {"fashion-vae", "garments-vae", "emoji-vae"} <= set(names["Smooth map"])
    taught = names["To compare and teach"]
    betas = [name for name in taught if name.startswith("fashion-beta-")]
    assert betas[-3:] == ["fashion-beta-3", "fashion-beta-10", "fashion-beta-vae"]
