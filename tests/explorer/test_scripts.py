"""Modules become one script that exports the same, or it is said which one cannot."""

import json

import pytest
from js.node_runner import run

from vae.explorer import scripts

ENTRIES = ("standalone/file.js", "decoder/decode_worker.js", "explore/latent_map.js")


@pytest.fixture
def app(tmp_path, monkeypatch):
    """Writes files below the folder of an app of its own."""
    monkeypatch.setattr(scripts, "ROOT", tmp_path)

    def write(**files):
        for name, text in files.items():
            path = tmp_path / "pages/ui/room" / f"{name}.js"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    return write


def exported(tmp_path, entry):
    script = f"const made = ({scripts.bundle(entry)})();\nconsole.log(JSON.stringify(made));"
    file = tmp_path / "made.mjs"
    file.write_text(script, "utf-8")
    done = run(file)
    return done.stdout.strip() or done.stderr


def test_every_form_of_import_and_export(app, tmp_path):
    app(
        a='export const x = "</script><!--", y = 1;\nexport function twice(v) { return 2 * v; }\n'
        "export default class Named { static z = 5; }\n",
        c='import Named from "./a.js";\nimport {\n  x as text,\n  twice,\n  y,\n} from "./a.js";\n'
        'export { x, y } from "./a.js";\nexport const at = import.meta.url;\n'
        "export async function* later() {}\nexport default [text, y, twice(Named.z)];\n",
    )
    assert exported(tmp_path, "room/c.js") == (
        '{"x":"</script><!--","y":1,"at":"page:/room/c.js","default":["</script><!--",1,10]}'
    )
    assert "</script" not in scripts.bundle("room/c.js")


@pytest.mark.parametrize(
    "text",
    [
        'const later = import("./x.js");',
        "export let changes = 1;",
        'import "./a.js";',
        "const where = import.meta.dirname;",
        'export { x as y } from "./a.js";',
        'import Named, { x } from "./a.js";',
    ],
)
def test_other_forms_are_refused_by_name(app, text):
    app(a="export const x = 1;", b=text)
    with pytest.raises(scripts.ScriptError, match=r"room/b\.js .* in a form that is not known"):
        scripts.bundle("room/b.js")


def test_a_circle_is_refused(app):
    app(a='import { y } from "./b.js";\nexport const x = y;', b='import { x } from "./a.js";')
    with pytest.raises(scripts.ScriptError, match="by a circle"):
        scripts.bundle("room/a.js")


def test_without_the_app_it_says_what_is_missing(app):
    with pytest.raises(scripts.ScriptError, match="is missing, which the explorer is made from"):
        scripts.bundle("room/a.js")


def test_the_decoder_is_the_same_decoder(tmp_path):
    """A bundle of the app's own modules runs, and exports what the module does."""
    file = tmp_path / "all.mjs"
    bundles = ",\n".join(scripts.bundle(entry) for entry in (*ENTRIES, "decoder/decoder.js"))
    module = (scripts.ROOT / "pages/ui/decoder/decoder.js").as_uri()
    file.write_text(
        f"import * as real from {module!r};\nconst made = [{bundles}].at(-1)();\n"
        "console.log(JSON.stringify([Object.keys(made).sort(), Object.keys(real).sort()]));"
    )
    done = run(file)
    made, real = json.loads(done.stdout or done.stderr)
    assert made == real
