"""Animations as files for other programs: GIF, animated WebP, MP4, a .zip of PNGs."""

import io
import zipfile
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from ..progress import Progress, no_progress
from .export_options import ExportError, check_choice
from .grid import encode_png

FORMATS = ("gif", "webp", "mp4", "zip")
PLAYBACKS = ("once", "loop", "ping-pong")
MAX_FRAMES = 600
MAX_PIXELS = 120_000_000  # in all frames together: 600 frames of 447 x 447
_H264_OPTIONS = {"crf": "12", "preset": "medium"}  # visually lossless


def encode_animation(
    frames: Sequence[np.ndarray],
    format: str,
    *,
    fps: float = 12.0,
    playback: str = "loop",
    progress: Progress | None = None,
) -> bytes:
    """Frames, uint8 [H, W] or [H, W, 3] of one size, as the bytes of a file.

    `playback`: `once`, in a `loop`, or `ping-pong`, forwards and backwards. MP4 files do not store
    it; a .zip holds each frame once. GIF rounds the time per frame to hundredths of a second.
    `progress` is called after every frame, and may raise to cancel.
    """
    check_choice("format", format, FORMATS)
    check_choice("playback", playback, PLAYBACKS)
    if not 0.5 <= fps <= 60:
        raise ExportError(f"the speed is {fps:g} frames per second; expected 0.5 to 60")
    frames = list(frames)
    if not frames:
        raise ExportError("the animation has no frames; choose 2 or more")
    if playback == "ping-pong" and format != "zip":
        frames += frames[-2:0:-1]
    check_size(len(frames), *frames[0].shape[:2])
    if any(frame.shape != frames[0].shape for frame in frames):
        raise ExportError("the frames differ in size; expected one size for all")
    loop, progress = playback != "once", progress or no_progress
    if format == "mp4":
        return _mp4(frames, fps, progress)
    if format == "zip":
        return _zip(frames, progress)
    return _pillow(frames, format, fps, loop, progress)


def check_size(frames: int, height: int, width: int) -> None:
    """Raises `ExportError` for an animation beyond the limits, before anything is decoded."""
    if frames > MAX_FRAMES:
        raise ExportError(f"the animation has {frames} frames; at most {MAX_FRAMES}, choose fewer")
    if frames * height * width > MAX_PIXELS:
        raise ExportError(
            f"{frames} frames of {width} x {height} are {frames * height * width / 1e6:.0f} "
            f"million pixels; at most {MAX_PIXELS / 1e6:.0f} million, choose a smaller size or "
            "fewer frames"
        )


def _pillow(
    frames: list[np.ndarray], format: str, fps: float, loop: bool, progress: Progress
) -> bytes:
    from PIL import Image

    target = io.BytesIO()
    written: set[int] = set()

    def reporting(number: int) -> Image.Image:
        """A frame that reports when it is written: Pillow collects WebP's frames long before."""
        image = Image.fromarray(frames[number - 1])

        def seek(to: int) -> None:
            Image.Image.seek(image, to)  # raises EOFError beyond the only frame
            if number not in written:  # the writer returns to the first frame at the end
                written.add(number)
                progress(number, len(frames))

        image.seek = seek
        return image

    options = {"duration": round(1000 / fps), "lossless": True, "loop": 0 if loop else 1}
    if format == "gif":
        options = {"duration": 10 * max(1, round(100 / fps))} | ({"loop": 0} if loop else {})
    rest = (reporting(number) for number in range(2, len(frames) + 1))
    reporting(1).save(target, format, save_all=True, append_images=rest, **options)
    return target.getvalue()


def _mp4(frames: list[np.ndarray], fps: float, progress: Progress) -> bytes:
    import av

    target = io.BytesIO()
    height, width = frames[0].shape[:2]
    odd = (height % 2, width % 2)  # H.264 with subsampled colours needs even sides
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
        stream.width, stream.height = width + odd[1], height + odd[0]
        stream.pix_fmt, stream.options = "yuv420p", dict(_H264_OPTIONS)
        for done, frame in enumerate(frames, 1):
            rgb = frame if frame.ndim == 3 else np.repeat(frame[..., None], 3, 2)
            rgb = np.pad(rgb, ((0, odd[0]), (0, odd[1]), (0, 0)), mode="edge")
            image = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
            container.mux(stream.encode(image))
            progress(done, len(frames))
        container.mux(stream.encode())
    return target.getvalue()


def _zip(frames: list[np.ndarray], progress: Progress) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for done, frame in enumerate(frames, 1):
            # A fixed date makes the bytes reproducible.
            entry = zipfile.ZipInfo(f"frame-{done:04}.png", (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, encode_png(frame))
            progress(done, len(frames))
    return target.getvalue()
