"""Moving pictures as files that other programs open: GIF, animated WebP, MP4, a .zip of PNGs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from ..errors import AtelierError

FORMATS = ("gif", "webp", "mp4", "zip")
ORDERS = ("once", "loop", "ping-pong")
LIMIT_FRAMES = 600
LIMIT_PIXELS = 120_000_000  # in all frames together: 600 frames of 447 x 447
_QUALITY = {"crf": "12", "preset": "medium"}  # of H.264: nothing to see is lost

Progress = Callable[[int, int], None]


class ExportError(AtelierError):
    """What cannot be written: one sentence with what came, what was expected, what to do."""


def film(
    frames: Sequence[np.ndarray],
    format: str,
    *,
    fps: float = 12.0,
    order: str = "loop",
    progress: Progress | None = None,
) -> bytes:
    """Frames, uint8 [H, W] or [H, W, 3] of one size, as the bytes of a file.

    `order`: played `once`, in a `loop`, or `ping-pong`, there and back. MP4 has no loop of its
    own, players decide; a .zip holds each frame once. GIF counts in hundredths of a second, so its
    speed is the nearest that those can say. `progress(done, of)` hears of every frame, and what it
    raises ends the work.
    """
    if format not in FORMATS:
        raise ExportError(f"the format is {format!r}; expected one of {', '.join(FORMATS)}")
    if order not in ORDERS:
        raise ExportError(f"the order is {order!r}; expected one of {', '.join(ORDERS)}")
    if not 0.5 <= fps <= 60:
        raise ExportError(f"the speed is {fps:g} frames a second; expected 0.5 to 60")
    frames = list(frames)
    if not frames:
        raise ExportError("the film has no frames; choose 2 or more")
    if order == "ping-pong" and format != "zip":
        frames += frames[-2:0:-1]
    check(len(frames), *frames[0].shape[:2])
    if any(frame.shape != frames[0].shape for frame in frames):
        raise ExportError("the frames differ in size; expected one size for all")
    heard = progress or (lambda done, of: None)
    write = {"gif": _gif, "webp": _webp, "mp4": _mp4, "zip": _zip}[format]
    return write(frames, fps, order != "once", heard)


def check(frames: int, height: int, width: int) -> None:
    """Refuses a film beyond the limits, before anything is decoded for it."""
    if frames > LIMIT_FRAMES:
        raise ExportError(f"the film has {frames} frames; at most {LIMIT_FRAMES}, choose fewer")
    if frames * height * width > LIMIT_PIXELS:
        raise ExportError(
            f"{frames} frames of {width} x {height} are {frames * height * width / 1e6:.0f} "
            f"million pixels; at most {LIMIT_PIXELS / 1e6:.0f} million, choose a smaller size or "
            "fewer frames"
        )


def _gif(frames: list[np.ndarray], fps: float, loop: bool, progress: Progress) -> bytes:
    return _animated(frames, "GIF", 10 * max(1, round(100 / fps)), loop, progress)


def _webp(frames: list[np.ndarray], fps: float, loop: bool, progress: Progress) -> bytes:
    return _animated(frames, "WEBP", round(1000 / fps), loop, progress, lossless=True)


def _animated(
    frames: list[np.ndarray], kind: str, ms: int, loop: bool, progress: Progress, **options
) -> bytes:
    from PIL import Image

    target = io.BytesIO()

    written: list[int] = []

    def told(done: int) -> Image.Image:
        """A frame that tells when it is written: Pillow collects WebP's frames long before."""
        image = Image.fromarray(frames[done - 1])

        def seek(to: int) -> None:
            Image.Image.seek(image, to)  # there is no second picture in it: EOFError
            if done not in written:  # the first one is gone back to in the end
                written.append(done)
                progress(done, len(frames))

        image.seek = seek
        return image

    if loop or kind == "WEBP":  # a GIF plays once where nothing is said; a WebP must be told
        options["loop"] = 0 if loop else 1
    rest = (told(done) for done in range(2, len(frames) + 1))
    told(1).save(target, kind, save_all=True, append_images=rest, duration=ms, **options)
    return target.getvalue()


def _mp4(frames: list[np.ndarray], fps: float, loop: bool, progress: Progress) -> bytes:
    import av

    target = io.BytesIO()
    height, width = frames[0].shape[:2]
    odd = (height % 2, width % 2)  # H.264 with half the colours wants even sides
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
        stream.width, stream.height = width + odd[1], height + odd[0]
        stream.pix_fmt, stream.options = "yuv420p", dict(_QUALITY)
        for done, frame in enumerate(frames, 1):
            rgb = frame if frame.ndim == 3 else np.repeat(frame[..., None], 3, 2)
            rgb = np.pad(rgb, ((0, odd[0]), (0, odd[1]), (0, 0)), mode="edge")
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
            container.mux(stream.encode(picture))
            progress(done, len(frames))
        container.mux(stream.encode())
    return target.getvalue()


def _zip(frames: list[np.ndarray], fps: float, loop: bool, progress: Progress) -> bytes:
    from PIL import Image

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for done, frame in enumerate(frames, 1):
            png = io.BytesIO()
            Image.fromarray(frame).save(png, "PNG")
            # One date for all: the same film gives the same file.
            entry = zipfile.ZipInfo(f"frame-{done:04}.png", (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, png.getvalue())
            progress(done, len(frames))
    return target.getvalue()
