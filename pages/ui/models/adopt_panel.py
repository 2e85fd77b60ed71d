"""The form by which a visitor adds a model that was trained elsewhere, as two ONNX files. They are
read, checked and translated in a process of its own."""

import shlex
from pathlib import Path

import streamlit as st

from vae import limits
from vae.adoption.adopt import LIKELIHOODS
from vae.adoption.ends import PIXELS, RANGES, SECONDS, WORDS
from vae.adoption.onnx_file import AdoptError
from vae.checkpoint.publishing import publishing
from vae.data.load import NAMED
from vae.files.owners import Visitor
from vae.isolation import reader
from vae.progress import Progress
from vae.training import runs

from ..controls.large_uploads import release
from ..controls.own_data import keep_uploads, server_folders
from ..runtime import cache, session, visitor
from ..runtime.errors import shown_errors
from ..runtime.jobs import Job, start_job
from ..runtime.text import plain

_SLOT, _MEASURED, _NEW = "adoption", "adoption-measured", "new"
_MEASURING_SECONDS = 30.0
_FIRST = "fashion-mnist-starter"
_OWN = "pictures that you upload here"
_AUTO = "automatic"
_ABOUT = (
    "A VAE of any project becomes a model of all pages: one file from images to the mean and the "
    "spread of their codes, one from codes to images, and the images that it was trained on. "
    "In Python, vae.adopt does the same for networks of PyTorch."
)


def adopt_panel() -> None:
    """Shows the form, the progress, and the model that was added; nothing on a public server."""
    if limits.current().public:
        return
    used, running = session.remembered(_SLOT, _NEW) is not None, _at_work() is not None
    with st.expander("Add a model of your own", expanded=used, key="adopt"):
        st.fragment(_panel, run_every=0.4 if running else None)(running)


def _at_work() -> Job | None:
    """The job that runs, if none was told to stop: the model is added, then measured."""
    jobs = (session.remembered(slot, _NEW) for slot in (_SLOT, _MEASURED))
    return next((j for j in jobs if j is not None and j.running and not j.stopped), None)


def _panel(polled: bool) -> None:
    job, at_work = session.remembered(_SLOT, _NEW), _at_work()
    added = job is not None and bool(job.result)
    if added and "adopt-files" in st.session_state:
        st.session_state["adopt-turn"] += 1  # the fields are emptied
        release(st.session_state.pop("adopt-files"))
        _measure(job.result[0])
        st.rerun()  # lists the model
    if polled and at_work is None:
        st.rerun()  # stops polling, and shows the numbers of the model
    if at_work is not None:
        st.progress(min(1.0, at_work.done / max(1, at_work.of)), at_work.name)
        if st.button("Stop", key="adopt-stop"):
            at_work.stop()
            at_work.wait(2)
            st.rerun()
    if added:
        _outcome(*job.result)
    elif job is not None and job.error:
        st.error(plain(f"The model was not added: {job.error.rstrip('.')}."))
    with st.container():  # it keeps its position, and with it what was chosen
        _form(at_work is not None)


def _measure(name: str) -> None:
    """Starts to measure a model that was added, in a process of its own."""
    folder = str(cache.CHECKPOINTS / name)

    def work(progress: Progress) -> bool:
        reader.measure(folder, _MEASURING_SECONDS, progress=progress)
        return True

    with shown_errors("The model was not measured"):
        session.remember(_MEASURED, _NEW, start_job(work, name=f"Measuring {name}"))


def _outcome(name: str, facts: dict) -> None:
    st.success(
        f"{name} was added. Its reconstructions of {facts['checked_images']:,} images have an MSE "
        f"of {facts['mse']:.4f} per pixel, the mean image has {facts['mse_of_mean_image']:.4f}."
    )
    if facts["warning"]:
        st.warning(plain(f"{facts['warning'][0].upper()}{facts['warning'][1:]}."))
    st.caption(plain(" ".join(f"{note[0].upper()}{note[1:]}." for note in facts["notes"])))
    measured = session.remembered(_MEASURED, _NEW)
    if measured is not None and measured.error:
        st.warning(plain(f"It was not measured: {measured.error.rstrip('.')}."))
    with st.container(horizontal=True, vertical_alignment="center"):
        # A link: the next poll would overtake the switch of a button to another page.
        label, icon = f"Open {name} in Explore", ":material/arrow_forward:"
        st.page_link("explore.py", label=label, icon=icon, query_params={"m": name})
        done = _at_work() is not None or (measured is not None and measured.result)
        if not done and st.button("Measure it", key="adopt-measure"):
            _measure(name)
            st.rerun()


def _form(running: bool) -> None:
    st.caption(_ABOUT)
    turn = st.session_state.setdefault("adopt-turn", 0)
    most = visitor.upload_mb()
    files = [
        column.file_uploader(
            f"{title}, .onnx, at most {most} MB", max_upload_size=most, key=f"adopt-{part}-{turn}"
        )
        for column, part, title in zip(
            st.columns(2), ("encoder", "decoder"), ("Encoder", "Decoder"), strict=True
        )
    ]
    data, pictures = _data(turn, most)
    options = _options()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name", placeholder="name of the model", max_chars=60, width=260, key="adopt-name"
        )
        ready = all(files) and bool(name.strip()) and bool(data or pictures) and not running
        start = st.button("Add the model", type="primary", disabled=not ready, key="adopt-start")
    if not start:
        return
    with shown_errors("The model was not added"):
        by = visitor.visitor()
        paths = [keep_uploads([file]) for file in files]
        options["data"] = data or keep_uploads(pictures)
        job = start_job(
            lambda progress: _adopt(name.strip(), paths, options, by, progress),
            name="Reading and checking the model",
        )
        st.session_state["adopt-files"] = [*files, *(pictures or ())]
        session.remember(_SLOT, _NEW, job)
        job.wait(0.4)
        st.rerun()


def _data(turn: int, most: int) -> tuple[str | None, list | None]:
    """The name or path of the images, or the files of the visitor's own."""
    names = {name: name for name in (_FIRST, *(n for n in NAMED if n != _FIRST))}
    names |= server_folders() | {_OWN: _OWN}
    data = st.selectbox(
        "Trained on",
        [*names],
        format_func=names.get,
        help="The map shows these images. Pictures are prepared for the size of the model.",
        key="adopt-data",
    )
    if data != _OWN:
        return data, None
    label = f"Pictures, an archive or arrays, at most {most} MB"
    return None, st.file_uploader(
        label, accept_multiple_files=True, max_upload_size=most, key=f"adopt-pictures-{turn}"
    )


def _options() -> dict[str, object]:
    """How the networks have their inputs and outputs."""
    chosen: dict[str, object] = {}
    row = st.columns(4, vertical_alignment="bottom")
    with row[0]:
        ranges = {name: WORDS[name].removeprefix("pixels ") for name in RANGES}
        about = "Of the pixels that the encoder takes."
        chosen["input_range"] = st.selectbox(
            "Range of pixels", RANGES, format_func=ranges.get, help=about, key="adopt-range"
        )
    with row[1]:
        about = "What the encoder gives beside the mean; by its name and sign where not said."
        chosen["second"] = _automatic("Spread", SECONDS, about)
    with row[2]:
        about = "What the decoder gives; where not said by its last layer, or what fits best."
        chosen["pixels"] = _automatic("Output", PIXELS, about)
    with row[3], st.popover("More"):
        if chosen["input_range"] == "normalised":
            for part in ("mean", "std"):
                text = st.text_input(
                    f"{part} of pixels", placeholder="0.5 or 0.49, 0.48, 0.45", key=f"adopt-{part}"
                )
                chosen[part] = _numbers(text, float)
        shape = st.text_input(
            "Image shape", placeholder="3, 64, 64", key="adopt-shape",
            help="Channels, height, width; needed for flat images that are not square.",
        )  # fmt: skip
        chosen["image_shape"] = _numbers(shape, int)
        chosen["classes"] = st.number_input(
            "Classes", 0, 256, key="adopt-classes",
            help="Of a conditional model, whose decoder takes a label beside the code.",
        )  # fmt: skip
        chosen["noise"] = st.number_input(
            "Noise", 0, 4096, key="adopt-noise",
            help="Values of normal noise that the decoder takes beside the code.",
        )  # fmt: skip
        chosen["likelihood"] = st.selectbox("Likelihood", LIKELIHOODS, key="adopt-likelihood")
        chosen["sort_latents"] = st.toggle(
            "Sort the latents",
            True,
            help="The map shows the first two: so those that tell most about the images.",
            key="adopt-sort",
        )
    return {key: value for key, value in chosen.items() if value not in (None, [], 0)}


def _automatic(title: str, known: tuple[str, ...], about: str) -> str | None:
    key = f"adopt-{title.lower()}"
    names = (_AUTO, *known)
    found = st.selectbox(title, names, format_func=lambda n: WORDS.get(n, n), help=about, key=key)
    return None if found == _AUTO else found


def _numbers(text: str, kind: type) -> list:
    try:
        return [kind(part) for part in text.replace(",", " ").split()]
    except ValueError:
        st.warning(plain(f"{text!r} are no numbers; expected some, separated by commas."))
        return []


def _adopt(
    name: str, paths: list[str], options: dict, by: Visitor, progress: Progress
) -> tuple[str, dict]:
    """Writes the checkpoint; its name, and what was found."""
    target, size = cache.CHECKPOINTS / name, sum(Path(path).stat().st_size for path in paths)
    titles = [Path(path).name for path in paths]
    words = ["--encoder", titles[0], "--decoder", titles[1], "--out", f"checkpoints/{name}"]
    for key, value in options.items():
        flag = f"--{key.replace('_', '-')}"
        if value is True:
            words.append(flag)
        else:
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            words += [flag, text]
    command = shlex.join(["python", "-m", "vae", "adopt", *words])
    with publishing(target, size, runs.kept(target.parent), by, AdoptError) as folder:
        given = options | {"out": str(folder), "command": command}
        facts = reader.adopt(*paths, given, progress=progress)
    return name, facts
