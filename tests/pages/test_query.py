"""Links that earlier versions wrote still open, and no text of a link raises."""

from dataclasses import dataclass

import pytest

from pages.ui.anomalies import settings as anomalies
from pages.ui.anomalies.settings import AnomalySettings, Choices
from pages.ui.augment import settings as augment
from pages.ui.augment.settings import AugmentSettings
from pages.ui.clusters import settings as clusters
from pages.ui.clusters.settings import ClusterSettings
from pages.ui.compare.settings import Comparison, comparison_from_query
from pages.ui.generate.settings import request_from_query as samples_from_query
from pages.ui.generate.settings import request_to_query
from pages.ui.interpolate.settings import PathSettings, path_from_query
from pages.ui.reduce import settings as reduce
from pages.ui.reduce.settings import ReduceSettings
from pages.ui.runtime.location import Location, Pin, Space, location_from_query
from pages.ui.runtime.query import (
    QueryField,
    checks_of,
    read_message,
    read_query,
    whole,
    write_query,
)
from vae.latent.sampling import SamplingRequest

CHOICES = Choices(("structure", "squared"), ("left", "right"), ("digits",))
READERS = {
    "explore": lambda q: location_from_query(q, Location((0.0, 0.0)), Space(2, 10)),
    "interpolate": lambda q: path_from_query(q, PathSettings(()), Space(2, 0, 256)),
    "generate": lambda q: samples_from_query(q, SamplingRequest(), Space(2), 10),
    "clusters": clusters.settings_from_query,
    "anomalies": lambda q: anomalies.settings_from_query(q, CHOICES),
    "reduce": lambda q: reduce.settings_from_query(q, 8),
    "augment": augment.settings_from_query,
    "compare": lambda q: comparison_from_query(q, Comparison(("vae", "ae"))),
}
REGION = ((0.0, 0.0), (1.5, -0.25), (0.125, 2.0))
LINKS = [
    (
        "explore",
        "z=0.25,-1.5&c=3&v=0.1,-0.2,3.5&l=manifold,density&p=0.1,0.2c0;1,2;0,-1c9&i=42&h=1,9"
        "&in=0,0;1.5,-0.25;0.125,2&rs=7",
        Location(
            (0.25, -1.5),
            (0.1, -0.2, 3.5),
            ("manifold", "density"),
            (Pin((0.1, 0.2), 0), Pin((1.0, 2.0)), Pin((0.0, -1.0), 9)),
            42,
            hidden=(1, 9),
            label=3,
            region=REGION,
            draw=7,
        ),
    ),
    (
        "interpolate",
        "p=0.5,-1.25;2,0&k=geodesic&n=60&e=change&g=0&s=7&l=points,speed",
        PathSettings(
            ((0.5, -1.25), (2.0, 0.0)),
            *("geodesic", 60, "change", False),
            seed=7,
            layers=("points", "speed"),
        ),
    ),
    (
        "interpolate",
        "p=&k=drawn&n=24&w=0,0;1,0.5&l=",
        PathSettings((), "drawn", stroke=((0.0, 0.0), (1.0, 0.5)), layers=()),
    ),
    (
        "generate",
        "src=around&n=100&seed=9&t=0.35&c=4&z=0.123456789,-1.25&sp=0.4&min=0.15",
        SamplingRequest("around", 100, 9, 0.35, 4, (0.123456789, -1.25), 0.4, 0.15),
    ),
    ("generate", "src=region&in=0,0;1.5,-0.25;0.125,2", SamplingRequest("region", polygon=REGION)),
    (
        "clusters",
        'by=hdbscan&k=60&seed=5&c=4&colour=classes&names={"1":"Boots","8":"靴"}',
        ClusterSettings("hdbscan", 60, 5, 3, "classes", ((0, "Boots"), (7, "靴"))),
    ),
    (
        "anomalies",
        "score=squared&of=class&c=1&only=0&fa=0.001&t=-1.25&list=normal&n=96",
        AnomalySettings(
            "squared",
            "class",
            label=1,
            only=0,
            fpr=0.001,
            threshold=-1.25,
            listed="normal",
            count=96,
        ),
    ),
    (
        "anomalies",
        "score=structure&of=damage&damage=turn&seed=7&fa=0.05",
        AnomalySettings("structure", "damage", damage="turn", seed=7),
    ),
    (
        "reduce",
        "n=5000&k=pca,umap&seed=3&px=50&nn=8&axes=3,1",
        ReduceSettings(("pca", "umap"), 5000, 3, 50, 8, "3,1"),
    ),
    ("augment", "n=20&sp=1.5&min=0.75&seed=4", AugmentSettings(20, 1.5, 0.75, 4)),
    (
        "compare",
        "m=hvae,avb&z=0.5,-0.5&i=3&mode=item&grid=own",
        Comparison(("hvae", "avb"), (0.5, -0.5), 3, "item", "own"),
    ),
]


def query(text):
    return dict(part.split("=", 1) for part in text.split("&"))


@pytest.mark.parametrize(("page", "text", "state"), LINKS)
def test_links_of_earlier_versions_open_and_are_written_as_before(page, text, state):
    assert READERS[page](query(text)) == (state, [])
    written = {
        "compare": lambda: state.to_query(),
        "generate": lambda: request_to_query(state, "m", "d"),
    }.get(page, lambda: state.to_query("m", "d"))()
    assert {"m": "m", "d": "d"} | query(text) == {"m": "m", "d": "d"} | written


HOSTILE = [
    "9" * 5000,
    "[" * 20_000,
    '{"a":' * 20_000,
    "\n",
    "\x00",
    "٣",
    "1_0",
    " 1",
    "",
    ";",
    "c",
]
HOSTILE += ["nan", "inf,inf", "1e999", "0,0s\n", '{"1":' + "9" * 5000 + "}", "," * 5000]


@pytest.mark.parametrize("page", READERS)
def test_no_text_of_a_link_raises(page):
    keys = {key for of, text, _ in LINKS if of == page for key in query(text)}
    for key in keys:
        for text in HOSTILE:
            _, unreadable = READERS[page]({key: text})
            assert set(unreadable) <= keys
            assert READERS[page]({key: "x"})[1] or key == "m"


@dataclass(frozen=True)
class Page:
    seed: int = 0


def test_a_field_is_written_where_it_is_not_at_its_default():
    fields = [QueryField("seed", "s", whole(0, 9))]
    assert write_query(Page(), fields) == {} and write_query(Page(3), fields) == {"s": "3"}
    assert read_query({"s": "3", "other": "x"}, fields, Page()) == (Page(3), [])
    assert read_query({"s": "10"}, fields, Page(1)) == (Page(1), ["s"])
    with pytest.raises(ValueError, match=r"its seed is not valid \(“1e3” is not a whole number"):
        read_message({"seed": "1e3"}, checks_of(fields))
