"""The rules of the house, read from the imports."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import vae

ROOT = Path(vae.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
# module -> the modules of the engine that it may import; a package stands for all in it
ALLOWED = {
    "config": set(),
    "distributions": {"noise"},
    "atomic": set(),
    "layers": set(),
    "networks": {"config", "layers"},
    "data": {"atomic", "config", "data_files"},
    "data_files": {"config", "data"},
    "evenly": set(),
    "stream": {"atomic", "data", "data_files", "evenly", "locks"},
    "feed": {"config", "data"},
    "images": {"atomic"},
    "priors": {"config", "distributions"},
    "inference": {"priors"},
    "models": {
        *("config", "distributions", "inference", "layers", "models", "networks", "noise"),
        "priors",
    },
    "noise": set(),
    "distributed": {"noise"},
    "latent": {"checkpoint", "data", "kept", "models"},
    "ordering": {"data", "evenly", "latent", "models"},
    "aggregate": {"distributions", "latent", "models"},
    "augment": {
        *("aggregate", "checkpoint", "classifier", "data", "distributions"),
        *("generate", "kept", "latent", "models"),
    },
    "augment_files": {"augment", "checkpoint", "images"},
    "quadrature": {"distributions", "models", "priors"},
    "importance": {"distributions", "models"},
    "projection": set(),
    "reduction": {"projection"},
    "classifier": {"checkpoint", "data", "tensor_files"},
    "samples": {"distributions", "models"},
    "report": {"atomic", "checkpoint", "models"},
    "film": set(),
    "generate": {"aggregate", "distributions", "latent", "models", "priors"},
    "regions": {"generate", "tables"},
    "novelty": set(),
    "upscale": {"refiner"},
    "refiner": {"checkpoint", "tensor_files"},
    "refiner_training": {"data", "refiner", "upscale"},
    "outline": set(),
    "board_items": set(),
    "boards": {"atomic", "board_items", "locks"},
    "locks": set(),
    "follow": {"atomic", "data", "evenly", "feed", "latent", "training"},
    "runs": {"atomic", "checkpoint", "follow"},
    "timelapse": {"film", "runs"},
    "run_queue": {"config", "follow", "locks", "models", "resume", "runs"},
    "board_files": {"board_items", "boards", "film", "outline", "sheets", "tables", "upscale"},
    "directions": set(),
    "anomaly": {"distributions", "models", "quadrature", "regret", "residuals", "summary"},
    "regret": {"residuals"},
    "residuals": {"models"},
    "summary": {"models", "residuals"},
    "screening": {"aggregate", "anomaly", "distributions", "latent", "models", "summary"},
    "submitted": {"data", "data_files", "uploads"},
    "calibration": set(),
    "corruptions": set(),
    "lookup": {"data", "evenly", "latent", "models", "novelty"},
    "clusters": {"latent", "tables"},
    "sklearn": {
        "checkpoint",
        "config",
        "data",
        "distributions",
        "latent",
        "models",
        "ordering",
        "training",
    },
    "sheets": {"film"},
    "tables": set(),
    "uploads": set(),
    "walk": {"latent", "models"},
    "geometry": {"latent", "models", "walk"},
    "paths": {"geometry", "tables"},
    "path_files": {"film", "latent", "models", "paths", "sheets", "upscale"},
    "export": {"checkpoint", "layers", "models"},
    "onnx_export": {"atomic", "checkpoint", "models", "networks"},
    "checkpoint": {"atomic", "config", "models"},
    "tensor_files": {"atomic", "checkpoint"},
    "kept": {"atomic", "checkpoint", "distributions", "tensor_files"},
    "schedules": {"config"},
    "training": {
        *("config", "data", "distributed", "feed", "models", "networks", "noise", "schedules"),
    },
    "resume": {"atomic", "checkpoint", "config", "training"},
    "evaluation": {
        *("aggregate", "classifier", "data", "distributions", "importance", "latent"),
        *("models", "projection", "quadrature", "samples"),
    },
}
ABOVE = {"__init__", "__main__", "commands"}  # what people call; may use all of the engine


def imported(path):
    """(module of the engine or outside, line) of every import in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            depth = len(path.relative_to(ROOT).parts)
            inside = node.level >= 1
            base = "models." if inside and node.level < depth else ""
            names = [node.module] if node.module else [alias.name for alias in node.names]
            yield from ((("." + base if inside else "") + name, node.lineno) for name in names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_engine_draws_no_screen_and_loads_no_pickle(path):
    names = {name.split(".")[0] for name, _ in imported(path) if not name.startswith(".")}
    assert not names & {"streamlit", "plotly", "pickle", "cloudpickle", "dill"}
    assert "torch.load(" not in path.read_text()


def module_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize(
    "path",
    [p for p in FILES if module_of(p) not in ABOVE],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_dependencies_point_one_way(path):
    module = module_of(path)
    assert module in ALLOWED, "say here what the new file may import"
    inside = {n.lstrip(".").split(".")[0] for n, _ in imported(path) if n.startswith(".")}
    assert inside <= ALLOWED[module]


UI = ROOT.parent / "pages" / "ui"


@pytest.mark.parametrize("path", sorted(UI.glob("*.[pj]*")), ids=lambda p: p.name)
def test_what_pages_share_knows_no_page(path):
    """What lies in `pages/ui` itself serves all pages; what one page is made of lies in a folder
    of its own below, and may build on the former, not the other way round."""
    text = path.read_text()
    if path.suffix == ".py":
        named = {
            n.module or ""
            for n in ast.walk(ast.parse(text))
            if isinstance(n, ast.ImportFrom) and n.level
        }
    else:
        named = set(re.findall(r'from "\./([^"]+)"', text))
    rooms = {folder.name for folder in UI.iterdir() if folder.is_dir()}
    assert not {re.split("[./]", name)[0] for name in named} & rooms


def test_a_page_s_scripts_build_on_their_own_folder_and_on_what_is_shared():
    for path in UI.glob("*/*.js"):
        for name in re.findall(r'from "([^"]+)"', path.read_text()):
            assert (path.parent / name).resolve().is_file()
            assert re.fullmatch(r"\.\.?/[a-z_]+\.js", name), f"{path.name} imports {name}"


def test_models_do_not_import_each_other():
    concrete = {p.stem for p in (ROOT / "models").glob("*.py")} - {"__init__", "base"}
    for name in concrete:
        siblings = {
            n.removeprefix(".models.")
            for n, _ in imported(ROOT / "models" / f"{name}.py")
            if n.startswith(".models.")
        }
        assert siblings <= {"base"}, name


def test_only_data_checkpoints_pictures_and_onnx_touch_the_disk():
    writers = {"atomic.py", "report.py", "data.py", "data_files.py", "checkpoint.py", "images.py"}
    writers |= {"kept.py", "tensor_files.py"}
    writers |= {
        "boards.py",
        "locks.py",
        "resume.py",
        "follow.py",
        "runs.py",
        "run_queue.py",
        "pictures.py",
        "stream.py",
        "train.py",
        "waiting.py",
        "onnx_export.py",
        "augment_files.py",
    }  # of the latter a file is compared with torch before it takes its name
    in_memory = {"film.py": {("av", "open")}, "uploads.py": {("Image", "open")}}  # of bytes
    touching = {"open", "read_bytes", "write_bytes", "read_text", "write_text", "mkdir", "unlink"}
    for path in FILES:
        if path.name in writers:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                library = getattr(getattr(node.func, "value", None), "id", "")
                if path.name in in_memory and (library, name) in in_memory[path.name]:
                    continue
                assert name not in touching, f"{path.name}:{node.lineno} calls {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_one_file_alone_knows_how_to_write_whole_files(path):
    assert path.name == "atomic.py" or ".tmp" not in path.read_text(), "use atomic.beside"


def test_import_is_light():
    code = "import vae, sys; print([m for m in ('sklearn', 'torchvision') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT.parent
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
