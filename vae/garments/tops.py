"""Garments with shoulders: shirts, hoodies, jackets, coats and dresses. y is 0 at the highest
point of the shoulder."""

import numpy as np

from . import collars
from .body import STYLES, Body, Style, hem_line, measures, outline
from .factors import Table
from .shapes import Path, Shape, banded, disc, pair, rectangle, unit

_LONG = 640.0  # millimetres, a sleeve to the wrist


def draw(f: Table) -> list[Shape]:
    """The shapes of one group."""
    kind, neckline, trims = (str(f[name][0]) for name in ("kind", "neckline", "trims"))
    style, contrast, pockets = STYLES[kind], "contrast" in trims, "pockets" in trims
    body = measures(f, style, kind, neckline)
    collar = collars.collar(neckline, body, contrast)
    accent = "accent" if contrast else ""
    shapes = [*collar.behind]
    if f["sleeve"][0] > 0:
        shapes += _sleeves(f, body, style, contrast)
    shapes.append(Shape("body", outline(body, style, neckline, kind), "cloth", "outline"))
    if contrast and f["sleeve"][0] == 0:
        shapes += pair(_binding(body, kind))
    edge = hem_line(body, style.hem)
    band = edge.reversed().line(body.hem, body.side).join(hem_line(body, 0)).both_sides()
    ribbed = kind in ("Hoodie", "Jacket")
    hem_fill = accent if ribbed or kind in ("Dress", "Tank top") else ""
    hem_fill = hem_fill or ("plain" if ribbed else "")
    shapes += banded("hem", edge.both_sides(), band, hem_fill)
    shapes += _seams(kind, neckline, body, style)
    if pockets:
        shapes += _pockets(kind, body, style)
    shapes += _closure(kind, neckline, body, style, contrast)
    return [*shapes, *collar.before]


def _sleeves(f: Table, b: Body, style: Style, contrast: bool) -> list[Shape]:
    """Both sleeves, which lie below the body. A longer one hangs more steeply."""
    long = f["sleeve"] / _LONG
    down = unit(0.86 - 0.46 * long, 0.5 + 0.42 * long)  # along the sleeve
    inward = np.stack([-down[:, 1], down[:, 0]], 1)
    open_ = (b.half * (0.74 - 0.34 * long))[:, None]  # width of the cuff
    shoulder = np.stack([b.tip, b.slope], 1)
    underarm = np.stack([b.half, b.armhole], 1)
    cuff = down * style.cuff
    outer = shoulder + down * f["sleeve"][:, None]
    inner = outer + inward * open_
    reach = f["sleeve"][:, None] - style.cuff
    path = Path(*shoulder.T)
    path.curve(
        (shoulder + unit(0.9, 0.44) * reach * 0.3).T, (outer - cuff - down * reach * 0.35).T,
        (outer - cuff).T,
    )  # fmt: skip
    path.line(*outer.T).line(*inner.T).line(*(inner - cuff).T)
    gap = inner - cuff - underarm
    path.curve(
        (inner - cuff - gap * 0.35).T, (underarm + gap * 0.25 + (0, -0.03) * b.half[:, None]).T,
        underarm.T,
    )  # fmt: skip
    path.line(b.tip * 0.8, b.armhole).line(b.tip * 0.8, b.slope + 0.12 * b.half)
    band = Path(*(outer - cuff).T).line(*outer.T).line(*inner.T).line(*(inner - cuff).T)
    fill = "accent" if contrast else "plain" if style.cuff > 50 else ""
    edge = Path(*(outer - cuff).T).line(*(inner - cuff).T)
    sleeve = Shape("right sleeve", path, "cloth", "outline", grain=down)
    return [
        each for shape in (sleeve, *banded("right cuff", edge, band, fill)) for each in pair(shape)
    ]


def _binding(b: Body, kind: str) -> Shape:
    """The bound edge of an armhole without a sleeve."""
    fall, wide = b.armhole - b.slope, 20.0
    if kind == "Tank top":
        handles = (b.tip * 0.94, b.slope + 0.5 * fall), (b.tip * 1.08, b.armhole)
    else:
        handles = (
            (b.tip - 0.07 * b.half, b.slope + 0.4 * fall),
            (b.tip - 0.02 * b.half, b.armhole - 0.12 * fall),
        )
    path = Path(b.tip, b.slope).curve(*handles, (b.half, b.armhole))
    back = Path(b.half - 4, b.armhole + wide).curve(
        (handles[1][0] - wide, handles[1][1] + wide * 0.7), (handles[0][0] - wide, handles[0][1]),
        (b.tip - wide, b.slope - wide * 0.1),
    )  # fmt: skip
    return Shape("right binding", path.join(back), "accent", "seam")


def _seams(kind: str, neckline: str, b: Body, style: Style) -> list[Shape]:
    found = []
    if kind == "Dress":
        found.append(
            Shape(
                "waist seam",
                Path(b.waist, b.level).bow(0, b.level + 6, 0, 3).both_sides(), "", "seam", False,
            )
        )  # fmt: skip
        for share in (0.35, 0.7):
            fold = Path(b.waist * share, b.level + 6).bow(
                b.hem * share * 0.96, b.level + (b.side - b.level) * (0.5 + 0.2 * share)
            )
            found += pair(Shape(f"right fold {share:g}", fold, "", "stitch", False))
    if kind == "Coat":
        dart = Path(b.half * 0.5, b.armhole * 1.15).curve(
            (b.half * 0.48, b.level - 40), (b.half * 0.46, b.level + 40),
            (b.half * 0.5, b.side - style.hem),
        )  # fmt: skip
        found += pair(Shape("right princess seam", dart, "", "stitch", False))
    if kind == "Shirt":
        yoke = Path(0, 0.34 * b.half).bow(b.tip - 0.05 * b.half, 0.42 * b.half).both_sides()
        found.append(Shape("yoke", yoke, "", "stitch", False))
    if kind == "Jacket" and neckline == "collar":
        seam = Path(0, 0.66 * b.half).bow(b.tip - 0.04 * b.half, 0.62 * b.half).both_sides()
        found.append(Shape("chest seam", seam, "", "seam", False))
    return found


def _pockets(kind: str, b: Body, style: Style) -> list[Shape]:
    half = b.half
    if kind == "Hoodie":  # one in front, for both hands
        top, bottom = b.level + 0.02 * half, b.side - style.hem
        path = (
            Path(0, top).line(half * 0.4, top).curve(
                (half * 0.46, top + (bottom - top) * 0.3),
                (half * 0.6, top + (bottom - top) * 0.5),
                (half * 0.62, bottom),
            ).line(0, bottom)
        )  # fmt: skip
        return [Shape("pocket", path.both_sides(), "cloth", "seam")]
    if kind in ("T-shirt", "Tank top"):  # one on the chest
        return [
            Shape(
                "pocket", _patch(half * 0.2, half * 0.72, half * 0.4, half * 0.46), "cloth", "seam"
            )
        ]
    if kind in ("Shirt", "Jacket"):
        top = half * (0.7 if kind == "Shirt" else 0.74)
        pocket = _patch(half * 0.22, top, half * 0.42, half * 0.46)
        flap = (
            Path(half * 0.2, top).line(half * 0.66, top).line(half * 0.66, top + half * 0.1)
            .line(half * 0.43, top + half * 0.17).line(half * 0.2, top + half * 0.1)
        )  # fmt: skip
        return [
            *pair(Shape("right pocket", pocket, "cloth", "seam")),
            *pair(Shape("right flap", flap, "plain", "seam")),
        ]
    top = b.level + (0.22 if kind == "Coat" else 0.16) * half
    if kind == "Coat":
        flap = rectangle(half * 0.34, top, half * 0.84, top + half * 0.18)
        return pair(Shape("right pocket", flap, "plain", "seam"))
    mouth = Path(b.waist * 0.62, top).bow(b.waist * 0.95, top + half * 0.5, half * 0.06, 0)
    return pair(Shape("right pocket", mouth, "", "seam", False))


def _closure(kind: str, neckline: str, b: Body, style: Style, contrast: bool) -> list[Shape]:
    """Buttons or a zip down the centre."""
    top, bottom = b.depth, b.length - (style.hem if kind == "Jacket" else 0)
    centre = Path(0.0 * b.half, top).line(0.0 * b.half, b.length)
    if (kind, neckline) in (("Hoodie", "hood, zip"), ("Jacket", "stand")):
        zipper = rectangle(-9 + 0 * top, top, 9 + 0 * top, b.length)
        return [Shape("zip", zipper, "accent" if contrast else "inside", "seam")]
    count = {"Shirt": 6, "Jacket": 5, "Coat": 4 if neckline == "lapels" else 5}.get(kind)
    if count is None:
        return []
    if kind == "Coat":
        bottom = np.minimum(b.level + 0.9 * b.half, bottom)
    wide = 0.075 * b.half if kind == "Shirt" else 0.1 * b.half
    found = []
    if kind == "Coat":
        found.append(Shape("front edge", centre, "", "seam", False))
        side = 0.16 * b.half if neckline == "lapels" else 0.0 * b.half
    else:
        placket = rectangle(-wide, top, wide, b.length)
        found.append(
            Shape(
                "placket", placket, "accent" if contrast and kind == "Shirt" else "plain", "seam"
            )
        )
        side = 0.0 * b.half
    for i in range(count):
        y = top + (bottom - top) * (i + 0.6) / count
        button = Shape(f"button {i + 1}", disc(side, y, 10.0), "inside", "")
        found += (
            pair(Shape(f"right button {i + 1}", button.path, "inside"))
            if neckline == "lapels"
            else [button]
        )
    return found


def _patch(left, top, width, height) -> Path:
    """A patch pocket with a pointed bottom."""
    right, bottom = left + width, top + height
    low = bottom - 0.16 * height
    return (
        Path(left, top)
        .line(right, top)
        .line(right, low)
        .line(left + width / 2, bottom)
        .line(left, low)
    )
