"""The explorer of a model as one HTML file, which opens from a disk and never requests anything.

A Content-Security-Policy in the file forbids every connection; its one script and its styles are
allowed by their hashes. The same input gives the same bytes.
"""

import gzip
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape
from string import Template
from types import MappingProxyType
from typing import NamedTuple

from ..checkpoint.folder import Checkpoint
from ..data.dataset import Dataset
from ..progress import Progress, no_progress
from . import lessons, scripts
from .contents import MAX_ITEMS, Contents, contents

_FONTS = (  # family, weight, file
    ("Plex", 400, "ibm-plex-sans-latin-400-normal"),
    ("Plex", 600, "ibm-plex-sans-latin-600-normal"),
    ("Plex Mono", 400, "ibm-plex-mono-latin-400-normal"),
)
_COLOURS = (
    *("primaryColor", "backgroundColor", "secondaryBackgroundColor", "textColor", "linkColor"),
    *("borderColor", "chartCategoricalColors"),
)
_STYLES = (
    *("component/base.css", "interpolate/path_map.css", "explore/latent_map.css"),
    "standalone/explorer.css",
)


class Look(NamedTuple):
    """How a file opens: with a `title`, by default the model's name; with a fixed view and without
    controls, for talks and papers, if not `controls`. Of where the map opens, `opening` may set
    the code `z` [D], the `label` and `seed`, the `view` (z1, z2 of its centre, the length of its
    shorter side), the `layers`, the `pins` and the `region` of a lasso. Below the map stand the
    `lessons`, steps of the Learn page by their names."""

    title: str = ""
    controls: bool = True
    opening: Mapping[str, object] = MappingProxyType({})
    lessons: Sequence[str] = ()


_PLAIN = Look()


def page(
    checkpoint: Checkpoint,
    data: Dataset,
    *,
    look: Look = _PLAIN,
    most: int = MAX_ITEMS,
    progress: Progress = no_progress,
) -> bytes:
    """The file for a model and up to `most` of its images. Raises `ExplorerError` and
    `ScriptError`."""
    return assemble(
        contents(checkpoint, data, most=most, progress=progress),
        facts=_facts(checkpoint, data),
        look=look,
    )


def assemble(made: Contents, *, facts: Mapping[str, str], look: Look = _PLAIN) -> bytes:
    """The file of what `contents` returns, with facts for its foot, by their names."""
    location = made.data["location"] | look.opening
    shown, style, script = made.data["facts"], _style(), _script()
    allowed = {
        "default-src": "'none'",
        "script-src": f"'sha256-{_hash(script)}' 'wasm-unsafe-eval'",
        "style-src": f"'sha256-{_hash(style)}'",
        "img-src": "data:",
        "font-src": "data:",
        "worker-src": "blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    about = (
        f"Every mark is one of {shown['split']}, placed by a neural network by its looks. Move "
        "over the map to see what the network draws at each position; click to pin a picture."
    )
    rows = (f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items())
    markup_ = markup()
    if not look.controls:
        markup_ = markup_.replace('<div class="la"', '<div class="la" data-controls="none"', 1)
    values = {
        "policy": "; ".join(f"{name} {value}" for name, value in allowed.items()),
        "title": escape(look.title or shown["name"]),
        "about": escape(about),
        "style": style,
        "markup": markup_,
        "lessons": lessons.lessons(look.lessons, shown),
        "facts": f"<dl>{''.join(rows)}</dl>",
        "data": json_text(made.data | {"controls": look.controls, "location": location}),
        "blocks": "\n".join(_block(name, content) for name, content in made.blocks.items()),
        "script": script,
    }
    return Template(scripts.text_of("pages/ui/standalone/page.html")).substitute(values).encode()


def markup() -> str:
    """The map of Explore with a film strip."""
    whole = scripts.text_of("pages/ui/explore/latent_map.html")
    film = scripts.text_of("pages/ui/standalone/film_section.html")
    return whole.replace('  <section class="la-near"', f'{film}  <section class="la-near"', 1)


def styles() -> str:
    """The styles of the map."""
    return "\n".join(map(_css, _STYLES))


def _css(name: str) -> str:
    return scripts.text_of(f"pages/ui/{name}")


def json_text(value: object) -> str:
    """JSON inside a script element: no text in it can end that."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def themes(light: str, dark: str) -> str:
    """The colours and fonts of the app as CSS variables: for the selector `light`, and for `dark`
    those of the dark theme."""
    theme = scripts.theme()
    shape = {"--st-font": "Plex, system-ui, sans-serif", "--st-code-font": "Plex Mono, monospace"}
    shape |= {"--st-base-radius": theme["baseRadius"], "--st-button-radius": theme["buttonRadius"]}

    def rule(selector: str, values: Mapping[str, str]) -> str:
        return f"{selector} {{ {' '.join(f'{k}: {v};' for k, v in values.items())} }}"

    return "\n".join(
        (
            rule(light, shape | _colours(theme["light"]) | {"color-scheme": "light"}),
            rule(dark, _colours(theme["dark"]) | {"color-scheme": "dark"}),
        )
    )


def _colours(theme: Mapping) -> dict[str, str]:
    def kebab(name: str) -> str:
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in name)

    values = {name: theme[name] for name in _COLOURS}
    return {
        f"--st-{kebab(name)}": value if isinstance(value, str) else ", ".join(value)
        for name, value in values.items()
    }


def _style() -> str:
    fonts = "\n".join(
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; src: url(data:font/woff2;'
        f"base64,{_base64(scripts.bytes_of(f'pages/static/{file}.woff2'))}) }}"
        for family, weight, file in _FONTS
    )
    light, dark = ":root", ':root[data-theme="dark"]'
    colours = themes(light, dark)
    automatic = colours.splitlines()[1].replace(dark, ':root:not([data-theme="light"])')
    system = f"@media (prefers-color-scheme: dark) {{ {automatic} }}"
    return "\n".join(
        (fonts, colours, system, styles(), *map(_css, (*lessons.STYLES, "standalone/page.css")))
    )


def _script() -> str:
    entry, worker = scripts.bundle("standalone/file.js"), "decoder/decode_worker.js"
    return f"({entry})().open({scripts.bundle(worker)});"


def _block(name: str, content: bytes) -> str:
    """A block as an element, compressed where that saves something."""
    packed, small = "", gzip.compress(content, compresslevel=9, mtime=0)
    if len(small) < 0.98 * len(content):
        packed, content = ' data-packed="gzip"', small
    kind = "application/octet-stream"
    named = f'data-block="{escape(name)}"{packed}'
    return f'<script type="{kind}" {named}>{_base64(content)}</script>'


def _base64(content: bytes) -> str:
    return b64encode(content).decode()


def _hash(text: str) -> str:
    return _base64(sha256(text.encode()).digest())


def _facts(checkpoint: Checkpoint, data: Dataset) -> dict[str, str]:
    """What the foot of the file says of the model."""
    config, measured = checkpoint.config, checkpoint.metrics.get("evaluation") or {}
    facts = {"Model": f"{checkpoint.name} ({config.model.name}, {config.model.latent} latents)"}
    facts |= {"Data": data.name, "Digest (SHA-256)": checkpoint.digest[:16]}
    number = {
        "neg_elbo": ("−ELBO", "{:.1f} nats per image"),
        "mse": ("Mean squared error", "{:.4f} per pixel"),
        "knn1": ("Nearest neighbour's class", "{:.1%} right"),
    }
    for key, (name, text) in number.items():
        if isinstance(value := measured.get(key), int | float):
            facts[name] = text.format(value)
    if len(facts) > 3:
        facts["Measured on"] = f"{measured['n']:,} {measured['split']} images"
    return facts
