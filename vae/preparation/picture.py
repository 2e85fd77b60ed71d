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
    crop, side = _checked(crop), max(how.height, how.width) * _FINER
    side = max(side, _ITEM_SIDE) if how.centre else side
    near = tuple(
        round(side / max(end - start, 1e-3)) for start, end in zip(crop[:2], crop[2:], strict=True)
    )
    image = pictures.open_picture(content, name)
    return pictures.decode(image, name, near=near, levels=how.levels, white=how.white)


def prepare(image: Image.Image, how: Preparation, crop: Box = WHOLE) -> np.ndarray:
    """uint8 [C, H, W] of a picture from `decode`: cropped to `crop`, resized as `how.fit` says,
    in the colours of sRGB, on the ground, inverted if asked for."""
    left, top, right, bottom = _checked(crop)
    if crop != WHOLE:
        x0, y0 = round(left * image.width), round(top * image.height)
        x1, y1 = round(right * image.width), round(bottom * image.height)
        image = image.crop((x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)))
    size = how.width, how.height
    if how.exact and image.size == size:
        return _array(_on_ground(srgb(image), how.ground), how.channels)
    if how.centre:
        return _item(image, how)
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
        image = _crop_to_ratio(image, width / height)
    return _array(_colours(_resize(image, size), how), how.channels)


def _checked(crop: Box) -> Box:
    left, top, right, bottom = crop
    if 0 <= left < right <= 1 and 0 <= top < bottom <= 1:
        return crop
    raise pictures.PictureError(
        f"the crop is {crop}; expected fractions from 0 to 1, left < right"
    )


def _item(image: Image.Image, how: Preparation) -> np.ndarray:
    """A bright item on black whose longer side fills the frame, as in Fashion-MNIST; the whole
    picture where no item stands out from an even ground."""
    if how.invert == "auto" and not _has_even_ground(image):
        found = _on_black(image, how)
        if found is not None:
            return found
    invert = how.invert == "yes" or (how.invert == "auto" and has_dark_item(image))
    # Transparent parts become background, which is white in a picture that is to be inverted.
    flat = _on_ground(srgb(image), "white" if invert else "black")
    flat = flat.convert("L" if how.channels == 1 else "RGB")
    flat = _cut_out(ImageOps.invert(flat) if invert else flat)
    fitted = ImageOps.contain(flat, (how.width, how.height), Image.Resampling.LANCZOS)
    frame = Image.new(flat.mode, (how.width, how.height))
    frame.paste(fitted, ((how.width - fitted.width) // 2, (how.height - fitted.height) // 2))
    return _array(frame, how.channels)


def _has_even_ground(image: Image.Image) -> bool:
    """Whether the border is of one value, so that contrast against it is exact."""
    if image.mode in ("LA", "RGBA") and image.getchannel("A").getextrema()[0] < 128:
        return True
    grey = np.asarray(image.convert("L"))
    edges = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    low, high = np.quantile(edges, (0.02, 0.98))
    return high - low <= _EVEN


def _on_black(image: Image.Image, how: Preparation) -> np.ndarray | None:
    """The item on a ground that need not be even; None where nothing stands out."""
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
    inside = how.width, how.height
    if how.channels == 1:
        return item_finder.frame(item_finder.on_black(picture, item), item.box, inside)[None]
    colours = np.where(item.mask[..., None], picture, 0).astype(np.uint8)
    planes = [item_finder.frame(colours[..., k], item.box, inside) for k in range(3)]
    return np.stack(planes)


def has_dark_item(image: Image.Image) -> bool:
    """Whether the background of a picture from `decode` is light, or its visible part dark."""
    if image.mode in ("LA", "RGBA"):
        opaque = np.asarray(image.getchannel("A")) > 127
        if not opaque.all():  # a transparent background: the item decides
            inside = np.asarray(image.convert("L"))[opaque]
            return bool(len(inside) and np.median(inside) < 110)
    return is_light(_on_ground(srgb(image), "white"))


def _cut_out(flat: Image.Image) -> Image.Image:
    """Cropped to the pixels that stand out from the background, which becomes black."""
    grey = np.asarray(flat.convert("L"))
    background = int(border(grey))
    stands_out = grey > min(background, 127) + _CONTRAST
    rows, columns = np.flatnonzero(stands_out.any(1)), np.flatnonzero(stands_out.any(0))
    if not len(rows):
        return flat
    if 0 < background < 128:  # stretched, so that white stays white
        table = [max(0, (v - background) * 255 // (255 - background)) for v in range(256)]
        flat = flat.point(table * len(flat.getbands()))
    return flat.crop((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))


def _crop_to_ratio(image: Image.Image, ratio: float) -> Image.Image:
    """The largest part in the middle with this width divided by height, to the pixel."""
    width = min(image.width, max(1, round(image.height * ratio)))
    height = min(image.height, max(1, round(image.width / ratio)))
    if (width, height) == image.size:
        return image
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


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
