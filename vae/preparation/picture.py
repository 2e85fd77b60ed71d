"""How a picture becomes an image of a data set: one function for training and for every picture
that a model is given later, so that both see the same pixels."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms, ImageOps

from ..config import Preparation
from ..formats import pictures

WHOLE = (0.0, 0.0, 1.0, 1.0)  # left, top, right and bottom edge as fractions of the picture
Box = tuple[float, float, float, float]
Pixels = tuple[int, int, int, int]  # left, top, right, bottom
_AROUND = 0.15  # of the longer side of a crop, that is also looked at to tell what is ground
_FINER = 2  # a JPEG is decoded at this many times the size of the image, or more
_ITEM_SIDE = 512  # pixels, at which the item of a picture is sought
_EVEN = 6  # grey levels between the darkest and the lightest part of an even border
_CONTRAST = 24  # grey levels above the background from which a pixel belongs to the item


def read(content: bytes, name: str, how: Preparation, crop: Box = WHOLE) -> np.ndarray:
    """The picture in the bytes of a file as an image of the data set, uint8 [C, H, W]. Raises
    `PictureError`."""
    return prepare(decode(content, name, how, crop), how, crop)


def decode(content: bytes, name: str, how: Preparation, crop: Box = WHOLE) -> Image.Image:
    """The picture in the bytes of a file, upright, as L, LA, RGB, RGBA or CMYK."""
    crop, side = checked(crop), max(how.height, how.width) * _FINER
    side = max(side, _ITEM_SIDE) if how.centre else side
    near = tuple(
        round(side / max(end - start, 1e-3)) for start, end in zip(crop[:2], crop[2:], strict=True)
    )
    image = pictures.open_picture(content, name)
    return pictures.decode(image, name, near=near, levels=how.levels, white=how.white)


def prepare(image: Image.Image, how: Preparation, crop: Box = WHOLE) -> np.ndarray:
    """uint8 [C, H, W] of a picture from `decode`: cropped to `crop`, resized as `how.fit` says,
    in the colours of sRGB, on the ground, inverted if asked for."""
    crop, size = checked(crop), (how.width, how.height)
    if how.exact and crop == WHOLE and image.size == size:
        return flatten(image, how)
    if how.centre:
        flat, box = _item(image, how, crop)
        return _array(_framed(flat, box, size), how.channels)
    if crop != WHOLE:
        image = image.crop(_in_pixels(crop, image.size))
    width, height = size
    if how.fit == "pad":
        scale = min(width / image.width, height / image.height)
        inside = (
            max(1, min(width, round(image.width * scale))),
            max(1, min(height, round(image.height * scale))),
        )
        small = _colours(_resize(image, inside), how)
        frame = Image.new(small.mode, size, how.ground)
        frame.paste(small, ((width - inside[0]) // 2, (height - inside[1]) // 2))
        return _array(frame, how.channels)
    if how.fit == "crop":
        image = _cropped(image, _middle(image.size, width / height))
    return _array(_colours(_resize(image, size), how), how.channels)


def flatten(image: Image.Image, how: Preparation) -> np.ndarray:
    """uint8 [C, H, W] of a picture of any size as it is, in its colours on the ground."""
    return _array(_on_ground(srgb(image), how.ground), how.channels)


def used_part(image: Image.Image, how: Preparation) -> Box:
    """The part of a picture from `decode` that `prepare` shows without a crop: of an item, of what
    is in the middle, or all of it."""
    if how.exact and image.size == (how.width, how.height):
        return WHOLE
    size, box = image.size, (0, 0, *image.size)
    if how.centre:
        flat, box = _item(image, how, WHOLE)
        size = flat.size
    elif how.fit == "crop":
        box = _middle(size, how.width / how.height)
    return tuple(edge / side for edge, side in zip(box, size * 2, strict=True))


def checked(crop: Box) -> Box:
    """The crop, if it is a part of a picture. Raises `PictureError`."""
    left, top, right, bottom = crop
    if 0 <= left < right <= 1 and 0 <= top < bottom <= 1:
        return crop
    raise pictures.PictureError(
        f"the crop is {crop}; expected fractions from 0 to 1, left < right"
    )


def _in_pixels(part: Box, size: tuple[int, int]) -> Pixels:
    """A part of a picture of `size`, at least one pixel wide and high."""
    (width, height), (left, top, right, bottom) = size, part
    x, y = min(round(left * width), width - 1), min(round(top * height), height - 1)
    return x, y, max(round(right * width), x + 1), max(round(bottom * height), y + 1)


def _item(image: Image.Image, how: Preparation, crop: Box) -> tuple[Image.Image, Pixels]:
    """The bright item on black of a crop, as in Fashion-MNIST, and its box; the whole crop where
    no item stands out from an even ground. What is a little outside shows what is ground, so that
    a crop may be drawn close around an item."""
    inner = left, top, right, bottom = _in_pixels(crop, image.size)
    more = round(_AROUND * max(right - left, bottom - top))
    left, top = max(0, left - more), max(0, top - more)
    right, bottom = min(image.width, right + more), min(image.height, bottom + more)
    image = _cropped(image, (left, top, right, bottom))
    inner = tuple(v - start for v, start in zip(inner, (left, top) * 2, strict=True))
    if how.invert == "auto" and not _has_even_ground(image):
        found = _on_black(image, how, inner)
        if found is not None:
            return found
    invert = how.invert == "yes" or (how.invert == "auto" and has_dark_item(image))
    # Transparent parts become background, which is white in a picture that is to be inverted.
    flat = _on_ground(srgb(image), "white" if invert else "black")
    flat = flat.convert("L" if how.channels == 1 else "RGB")
    return _cut_out(ImageOps.invert(flat) if invert else flat, inner)


def _framed(flat: Image.Image, box: Pixels, size: tuple[int, int]) -> Image.Image:
    """The box in the middle of a black frame that its longer side fills."""
    fitted = ImageOps.contain(_cropped(flat, box), size, Image.Resampling.LANCZOS)
    frame = Image.new(flat.mode, size)
    frame.paste(fitted, ((size[0] - fitted.width) // 2, (size[1] - fitted.height) // 2))
    return frame


def _cropped(image: Image.Image, box: Pixels) -> Image.Image:
    return image if box == (0, 0, *image.size) else image.crop(box)


def _box_of(mask: np.ndarray, inner: Pixels) -> Pixels | None:
    """The box around what is true of a mask [H, W] within `inner`; None without any."""
    left, top, right, bottom = inner
    mask = mask[top:bottom, left:right]
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    x, y = map(int, (left + columns[0], top + rows[0]))
    return x, y, int(left + columns[-1]) + 1, int(top + rows[-1]) + 1


def _has_even_ground(image: Image.Image) -> bool:
    """Whether the border is of one value, so that contrast against it is exact."""
    if image.mode in ("LA", "RGBA") and image.getchannel("A").getextrema()[0] < 128:
        return True
    grey = np.asarray(image.convert("L"))
    edges = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    low, high = np.quantile(edges, (0.02, 0.98))
    return high - low <= _EVEN


def _on_black(
    image: Image.Image, how: Preparation, inner: Pixels
) -> tuple[Image.Image, Pixels] | None:
    """The item on a ground that need not be even, and its box in the picture, which may be
    reduced; None where nothing stands out within `inner`."""
    from . import item_finder  # loads scipy, which other preparations do not need

    size = (_ITEM_SIDE, _ITEM_SIDE)
    large = max(image.size) > _ITEM_SIDE
    small = ImageOps.contain(image, size) if large else image
    small.info = image.info
    ground = "white" if has_dark_item(small) else "black"  # under transparent parts
    picture = np.asarray(_on_ground(srgb(small), ground).convert("RGB"))
    item = item_finder.find_item(picture)
    if item is None:
        return None
    part = tuple(edge / side for edge, side in zip(inner, image.size * 2, strict=True))
    box = _box_of(item.mask, _in_pixels(part, small.size))
    if box is None:
        return None
    if how.channels == 1:
        return Image.fromarray(item_finder.on_black(picture, item)), box
    colours = np.where(item.mask[..., None], picture, 0).astype(np.uint8)
    return Image.fromarray(colours), box


def has_dark_item(image: Image.Image) -> bool:
    """Whether the background of a picture from `decode` is light, or its visible part dark."""
    if image.mode in ("LA", "RGBA"):
        opaque = np.asarray(image.getchannel("A")) > 127
        if not opaque.all():  # a transparent background: the item decides
            inside = np.asarray(image.convert("L"))[opaque]
            return bool(len(inside) and np.median(inside) < 110)
    return is_light(_on_ground(srgb(image), "white"))


def _cut_out(flat: Image.Image, inner: Pixels) -> tuple[Image.Image, Pixels]:
    """The picture with its background black, and the box of what stands out from it."""
    grey = np.asarray(flat.convert("L"))
    background = int(border(grey))
    box = _box_of(grey > min(background, 127) + _CONTRAST, inner)
    if box is None:
        return flat, inner
    if 0 < background < 128:  # stretched, so that white stays white
        table = [max(0, (v - background) * 255 // (255 - background)) for v in range(256)]
        flat = flat.point(table * len(flat.getbands()))
    return flat, box


def _middle(size: tuple[int, int], ratio: float) -> Pixels:
    """The largest part in the middle with this width divided by height, to the pixel."""
    width = min(size[0], max(1, round(size[1] * ratio)))
    height = min(size[1], max(1, round(size[0] / ratio)))
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return left, top, left + width, top + height


def _resize(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """With antialiasing; colours under transparent parts do not bleed into others."""
    info = image.info
    image = image.resize(size, Image.Resampling.BILINEAR) if image.size != size else image
    image.info = info
    return image


def _colours(small: Image.Image, how: Preparation) -> Image.Image:
    flat = _on_ground(srgb(small), how.ground)
    if how.invert == "yes" or (how.invert == "auto" and is_light(flat)):
        return ImageOps.invert(flat)
    return flat


def is_light(flat: Image.Image) -> bool:
    """Whether the border of a picture is lighter than middle grey."""
    return border(np.asarray(flat.convert("L"))) > 127


def border(grey: np.ndarray) -> float:
    """The median grey level along the border."""
    return float(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))


def _on_ground(image: Image.Image, ground: str) -> Image.Image:
    """L or RGB: without transparency, which becomes the colour of the ground."""
    if image.mode not in ("LA", "RGBA"):
        return image
    background = Image.new("RGBA", image.size, ground)
    background.alpha_composite(image.convert("RGBA"))
    return background.convert("RGB")


def _array(image: Image.Image, channels: int) -> np.ndarray:
    image = image.convert("L" if channels == 1 else "RGB")
    return np.asarray(image).reshape(image.height, image.width, channels).transpose(2, 0, 1).copy()


def srgb(image: Image.Image) -> Image.Image:
    """L, LA, RGB or RGBA in the colours of sRGB, by the profile of the file."""
    profile, alpha = image.info.get("icc_profile"), None
    if image.mode in ("LA", "RGBA"):
        alpha = image.getchannel("A")
    plain = image.convert({"LA": "L", "RGBA": "RGB"}.get(image.mode, image.mode))
    transform = _transform(profile, plain.mode) if profile else None
    if transform:
        plain = ImageCms.applyTransform(plain, transform)
    elif plain.mode == "CMYK":
        plain = plain.convert("RGB")
    if alpha:
        plain = plain.convert("RGB")
        plain.putalpha(alpha)
    return plain


@lru_cache(32)
def _transform(profile: bytes, mode: str):
    """The transform to sRGB; None for sRGB itself and for a profile that cannot be used."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in (ImageCms.getProfileDescription(source) or "").lower():
            return None
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
