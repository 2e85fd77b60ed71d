"""The scripts and styles of the app as text, and a module with all that it imports as one script.

A page that is a file can load no modules, and a worker in it nothing at all; so the modules become
one script that needs neither. The rewriting is exact for what the modules of `pages/ui` use:
imports and exports at the start of a line, no circles, and no exported variable that changes.
"""

import json
import posixpath
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from ..errors import AtelierError

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "page:/"  # of the modules and of all that is embedded; host of pages/ui/standalone

_IMPORT = re.compile(r'^import (\{[^}]*\}|\w+) from "([^"]+)";', re.M)
_NAME = re.compile(r"(\w+)(?: as \w+)?")
_AGAIN = re.compile(r'^export \{ (\w+(?:, \w+)*) \} from "([^"]+)";', re.M)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)", re.M)
_DEFAULT_NAMED = re.compile(r"^export default ((?:async )?function|class) (\w+)", re.M)
_DEFAULT = re.compile(r"^export default ", re.M)
_LEFT = re.compile(r"^\s*(?:import|export)\b|\bimport\s*\(|import\.meta", re.M)


class ScriptError(AtelierError):
    """The scripts are not installed, or one has a form that cannot be made part of another."""


def text_of(path: str) -> str:
    """The text of a file of the app, by its path in the repository. Raises `ScriptError`."""
    try:
        return (ROOT / path).read_text("utf-8")
    except OSError as error:
        raise ScriptError(
            f"{ROOT / path} is missing, which the explorer is made from; run the command in a "
            "copy of the repository, where pages/ lies beside vae/"
        ) from error


def bytes_of(path: str) -> bytes:
    """The bytes of a file of the app. Raises `ScriptError`."""
    text_of("pages/ui/component/host.js")  # says what is missing
    return (ROOT / path).read_bytes()


def theme() -> dict:
    """The themes of the app: Streamlit's `[theme]`, with `light` and `dark`."""
    return tomllib.loads(text_of(".streamlit/config.toml"))["theme"]


def bundle(entry: str) -> str:
    """A function of no arguments, as JavaScript, that runs a module, given by its path below
    `pages/ui`, with all that it imports, and returns its exports."""
    modules = _in_order(entry)
    wanted: dict[str, set[str]] = {name: set() for name in modules}
    for name, text in modules.items():
        for target, names in _imports(name, text):
            wanted[target] |= names
    parts = [
        f"{{ // {name}\n{_rewritten(name, text, wanted[name])}\n}}"
        for name, text in modules.items()
    ]
    body = "\n".join(["const $modules = {};", *parts, f"return $modules[{json.dumps(entry)}];"])
    # What would end or open a script element in HTML means the same in a string with a backslash.
    body = body.replace("</script", r"<\/script").replace("<!--", r"<\!--")
    return f'() => {{ "use strict";\n{body}\n}}'


def _in_order(entry: str) -> dict[str, str]:
    """The texts of a module and of all that it imports, each after what it imports itself."""
    found: dict[str, str] = {}
    waiting: set[str] = set()

    def visit(name: str) -> None:
        if name in found:
            return
        if name in waiting:
            raise ScriptError(f"pages/ui/{name} imports itself by a circle")
        waiting.add(name)
        text = text_of(f"pages/ui/{name}")
        for target, _ in _imports(name, text):
            visit(target)
        found[name] = text

    visit(entry)
    return found


def _imports(name: str, text: str) -> Iterator[tuple[str, set[str]]]:
    """The modules that a module imports, and which of their exports."""
    for names, target in _IMPORT.findall(text):
        listed = _NAME.findall(names) if names[0] == "{" else ["default"]
        yield _resolved(name, target), set(listed)
    for names, target in _AGAIN.findall(text):
        yield _resolved(name, target), set(names.split(", "))


def _resolved(name: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), target))


def _rewritten(name: str, text: str, wanted: set[str]) -> str:
    """A module as the body of a block that puts its exports, at least those that are `wanted`,
    into `$modules`."""
    exports: dict[str, str] = {}

    def of(target: str) -> str:
        return f"$modules[{json.dumps(_resolved(name, target))}]"

    def imported(match: re.Match) -> str:
        names = match[1] if match[1].startswith("{") else f"{{ default: {match[1]} }}"
        return f"const {names.replace(' as ', ': ')} = {of(match[2])};"

    def again(match: re.Match) -> str:
        exports.update({key: f"{of(match[2])}.{key}" for key in match[1].split(", ")})
        return ""

    def exported(match: re.Match) -> str:
        exports[match[2]] = match[2]
        return f"{match[1]} {match[2]}"

    def default_named(match: re.Match) -> str:
        exports["default"] = match[2]
        return f"{match[1]} {match[2]}"

    def default(_: re.Match) -> str:
        exports["default"] = "$default"
        return "const $default = "

    for pattern, change in (
        (_IMPORT, imported),
        (_AGAIN, again),
        (_EXPORT, exported),
        (_DEFAULT_NAMED, default_named),
        (_DEFAULT, default),
    ):
        text = pattern.sub(change, text)
    # Of several constants in one declaration the patterns see the first.
    exports = {key: key for key in sorted(wanted)} | exports
    text = text.replace("import.meta.url", json.dumps(ADDRESS + name))
    if left := _LEFT.search(re.sub(r"/\*.*?\*/|^\s*//.*$", "", text, flags=re.S | re.M)):
        raise ScriptError(f"pages/ui/{name} has {left[0].strip()!r} in a form that is not known")
    listed = ", ".join(f"{key}: {value}" for key, value in exports.items())
    return f"{text.rstrip()}\n$modules[{json.dumps(name)}] = {{ {listed} }};"
