"""The walls of the house, read from the imports: rooms, floors, no arrow up, no circle."""

import ast
import graphlib
import posixpath
import re
import subprocess
import sys
from pathlib import Path

import pytest

import vae

ROOT = Path(vae.__file__).resolve().parents[1]
ENGINE, UI = ROOT / "vae", ROOT / "pages" / "ui"
FILES = sorted(ENGINE.rglob("*.py"))
MOST_FILES = 14  # in one room, of one language

# The ground that every room of the engine stands on: modules that import nothing of it.
GROUND = {"errors", "limits", "progress", "validation"}
# room of the engine -> the rooms that it may import from
ENGINE_ROOMS = {
    "files": set(),
    "network_sizes": set(),
    "graph": set(),
    "config": {"graph", "network_sizes"},
    "nn": {"config", "network_sizes"},
    "operators": {"graph", "nn"},
    "formats": set(),
    "arrays": {"files", "formats"},
    "layouts": {"arrays", "formats"},
    "preparation": {"config", "formats"},
    "garments": {"files", "formats"},
    "data": {"arrays", "config", "files", "formats", "garments", "layouts", "preparation"},
    "isolation": {"config", "data", "formats"},
    "models": {"config", "nn", "operators"},
    "checkpoint": {"config", "files", "models", "nn"},
    "adoption": {
        *("checkpoint", "config", "data", "formats", "graph", "models", "operators"),
        "preparation",
    },
    "export": {"checkpoint", "files", "models", "nn", "operators"},
    "latent": {"checkpoint", "data", "export", "files", "models", "nn"},
    "preference": {"nn"},
    "analysis": {"data", "files", "formats", "isolation", "latent", "models"},
    "explorer": {"analysis", "checkpoint", "data", "latent"},
    "pictures": {"checkpoint", "data", "garments", "latent", "models"},
    "evaluation": {"analysis", "checkpoint", "data", "files", "latent", "models", "nn"},
    "boards": {"files", "garments", "pictures"},
    "training": {
        *("checkpoint", "config", "data", "files", "latent", "models", "nn", "pictures"),
        *("network_sizes", "preparation"),
    },
    "anomaly": {"evaluation", "files", "latent", "models", "nn"},
    "augmentation": {
        *("checkpoint", "data", "evaluation", "formats", "latent", "models", "nn", "pictures")
    },
    "sklearn": {"checkpoint", "config", "data", "latent", "models", "nn", "training"},
    "widget": {"checkpoint", "data", "explorer", "latent"},
    "commands": {
        *("adoption", "analysis", "anomaly", "augmentation", "checkpoint", "config", "data"),
        *("evaluation", "explorer", "export", "files", "formats", "garments", "latent"),
        *("layouts", "models", "pictures", "preparation", "training"),
    },
    "__init__": {"adoption", "checkpoint", "config", "data", "formats", "garments", "models"},
    "__main__": {"commands"},
}
# What pages share, each room below those that may import from it; a page's own room may import
# from all of them, and from the rooms of pages listed beside it.
SHARED_ROOMS = {
    "runtime": set(),
    "component": {"runtime"},
    "decoder": {"component"},
    "map": {"component", "decoder"},
    "controls": {"component", "runtime"},
    "models": {"component", "controls", "runtime"},
}
PAGE_ROOMS = {
    "generate": {"board"},
    "interpolate": {"board"},
    "explore": {"generate"},
    "standalone": {"explore", "interpolate", "learn"},
    "learn": {"compare"},
}


def imported(path):
    """(dotted name, line) of every import in a Python file, relative ones made absolute."""
    package = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *filter(None, [node.module])))
            yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)


def scripts(path):
    """The files that a JavaScript file imports."""
    for name in re.findall(r'^import\b[^;"]*"([^"]+)"', path.read_text("utf-8"), re.M):
        yield Path(posixpath.normpath((path.parent / name).as_posix()))


def room(path, top):
    return path.relative_to(top).parts[0].removesuffix(".py")


def engine_arrows():
    for path in FILES:
        for name, line in imported(path):
            if name.startswith("vae.") and name.split(".")[1] not in {room(path, ENGINE), *GROUND}:
                yield f"{path.relative_to(ROOT)}:{line}", room(path, ENGINE), name.split(".")[1]


def ui_arrows():
    for path in sorted(UI.rglob("*.py")):
        for name, line in imported(path):
            if name.startswith("pages.ui.") and name.split(".")[2] != room(path, UI):
                yield f"{path.relative_to(ROOT)}:{line}", room(path, UI), name.split(".")[2]
    for path in sorted(UI.rglob("*.js")):
        for target in scripts(path):
            if room(target, UI) != room(path, UI):
                yield str(path.relative_to(ROOT)), room(path, UI), room(target, UI)


def test_the_engine_s_rooms_import_downwards_only():
    wrong = [arrow for arrow in engine_arrows() if arrow[2] not in ENGINE_ROOMS[arrow[1]]]
    assert not wrong, "say in ENGINE_ROOMS what a room may import from, or move the code"
    list(graphlib.TopologicalSorter(ENGINE_ROOMS).static_order())  # raises CycleError


def test_the_interface_s_rooms_import_downwards_only():
    wrong = [
        (where, of, to)
        for where, of, to in ui_arrows()
        if to not in (SHARED_ROOMS[of] if of in SHARED_ROOMS else {*SHARED_ROOMS, *page(of)})
    ]
    assert not wrong, "what pages share knows no page, and a page only those in PAGE_ROOMS"
    list(graphlib.TopologicalSorter(SHARED_ROOMS | PAGE_ROOMS).static_order())


def page(name):
    return PAGE_ROOMS.get(name, set())


def test_the_tables_name_only_rooms_and_arrows_that_exist():
    engine = {(of, to) for _, of, to in engine_arrows()}
    assert {(of, to) for of, rooms in ENGINE_ROOMS.items() for to in rooms} == engine
    shared = {(of, to) for of, rooms in (SHARED_ROOMS | PAGE_ROOMS).items() for to in rooms}
    found = {(of, to) for _, of, to in ui_arrows()}
    assert shared == {(of, to) for of, to in found if of in SHARED_ROOMS or to not in SHARED_ROOMS}


def test_no_file_imports_itself_by_a_circle_within_its_room():
    graph = {path: set() for path in FILES}
    for path in FILES:
        for name, _ in imported(path):
            parts = name.split(".")
            for target in (parts, parts[:-1]):
                file = ROOT.joinpath(*target).with_suffix(".py")
                if file in graph and file != path:
                    graph[path].add(file)
    for path in (*UI.rglob("*.js"),):
        graph[path] = set(scripts(path))
    list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("suffix", [".py", ".js"])
def test_a_room_holds_about_a_dozen_files(suffix):
    folders = {path.parent for top in (ENGINE, UI) for path in top.rglob(f"*{suffix}")}
    sizes = {
        str(folder.relative_to(ROOT)): len(
            [p for p in folder.glob(f"*{suffix}") if p.stem[0] != "_"]
        )
        for folder in folders
    }
    assert not {name: size for name, size in sizes.items() if size > MOST_FILES}


def test_every_room_says_what_it_is_for():
    for folder in sorted({path.parent for path in FILES}):
        sentence = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8")))
        assert sentence and sentence.split("\n\n")[0].endswith("."), folder


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ENGINE)))
def test_the_engine_draws_no_screen_and_loads_no_pickle(path):
    names = {name.split(".")[0] for name, _ in imported(path)}
    assert not names & {"streamlit", "plotly", "pages", "pickle", "cloudpickle", "dill"}
    text = path.read_text("utf-8")
    assert not re.search(r"torch\.load\((?!.*weights_only=True)", text)
    assert path.name == "atomic.py" or ".tmp" not in text, "use atomic.replacing"


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=lambda p: p.name)
def test_a_page_holds_no_torch_and_no_class(path):
    assert "torch" not in {name.split(".")[0] for name, _ in imported(path)}
    assert not any(
        isinstance(n, ast.ClassDef) for n in ast.walk(ast.parse(path.read_text("utf-8")))
    )


PAGES = sorted(set((ROOT / "pages").glob("*.py")) - {ROOT / "pages" / "main.py"})


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_a_page_begins_with_its_header(path):
    body = ast.parse(path.read_text("utf-8")).body
    first = next(n for n in body[1:] if not isinstance(n, ast.Import | ast.ImportFrom))
    assert isinstance(first, ast.Expr | ast.Assign)  # the place for a button may have a name
    assert ast.unparse(first.value).startswith("page_header(")


def test_every_script_that_is_imported_exists():
    for path in UI.rglob("*.js"):
        for target in scripts(path):
            assert target.is_file(), f"{path.relative_to(UI)} imports {target}"


def test_models_do_not_import_each_other():
    shared = {"__init__", "base", "contexts", "gaussian"}  # interfaces and what some models share
    concrete = {p.stem for p in (ENGINE / "models").glob("*.py")} - shared
    for name in concrete:
        siblings = {
            n.split(".")[2]
            for n, _ in imported(ENGINE / "models" / f"{name}.py")
            if n.startswith("vae.models.")
        }
        assert siblings <= shared, name


def test_a_model_s_name_is_asked_in_its_own_file_only():
    """Whoever needs something of a model asks the model for it, by a method that all have."""
    for path in FILES:
        if room(path, ENGINE) not in ("models", "config"):
            assert not re.search(
                r"name [!=]= \"(ae|vae|cvae|hvae|avb)\"", path.read_text("utf-8")
            ), path


# Rooms whose files read and write the disk; others go through them.
TOUCH_THE_DISK = {
    "files",
    "formats",
    "arrays",
    "data",
    "checkpoint",
    "training",
    "boards",
    "commands",
}
# Single files beside them: a README is rewritten, an ONNX file is compared with torch before it
# takes its name, the app's scripts are read as text, images and archives are opened from bytes in
# memory, drawn images are kept.
TOUCH_TOO = {
    *("evaluation/markdown_report.py", "export/onnx.py", "explorer/scripts.py"),
    *("pictures/animation.py", "augmentation/dataset_files.py", "garments/dataset.py"),
}


def test_few_rooms_touch_the_disk():
    touching = {"open", "read_bytes", "write_bytes", "read_text", "write_text", "mkdir", "unlink"}
    for path in FILES:
        if room(path, ENGINE) in TOUCH_THE_DISK or str(path.relative_to(ENGINE)) in TOUCH_TOO:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                assert name not in touching, f"{path}:{node.lineno} calls {name}"


def test_to_import_it_and_to_load_a_model_is_light():
    slow = ("sklearn", "torchvision", "torch._dynamo")  # each takes a second or more
    code = "import vae, sys; vae.load('checkpoints/fashion-vae');"
    code += f"print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
