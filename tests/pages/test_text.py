"""What visitors type is text, and never Markdown, for every other visitor."""

import pytest
from markdown_it import MarkdownIt

from pages.ui.runtime.text import plain

HOSTILE = [
    "![x](http://127.0.0.1/track.png) [Click](https://evil.example)",
    "<img src=x onerror=alert(1)>",
    "**bold** _it_ ~~no~~ `code`",
    "# heading",
    "> quotation",
    "- list",
    "a\n\n- b",
    "https://evil.example www.evil.example me@evil.example",
    "[a]: https://evil.example",
    "<https://evil.example>",
    "back\\slash \\[a](b)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_markdown_parser_finds_nothing_but_text(text):
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(plain(text))
    assert [t.type for t in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children
    assert {child.type for child in children} <= {"text", "text_special"}
    shown = "".join(child.content for child in children).replace("\u2060", "")
    assert shown == " ".join(text.split())


@pytest.mark.parametrize("address", ["https://a.b", "HTTP://a.b", "www.a.b", "a@b.c"])
def test_an_address_is_no_link(address):
    """The pattern by which GitHub's Markdown finds links in plain text."""
    found = plain(address)
    assert "://" not in found and "www." not in found and "a@" not in found


def test_colours_emoji_and_formulas_of_streamlit_are_text():
    assert plain(":red[x] :smile: $x^2$") == r"\:red\[x\] \:smile: \$x^2\$"


def test_ordinary_names_stay_as_they_are():
    for name in ("fashion-vae", "my_set 2", "Ankle boot", "T-shirt/top", "12 of 3: yes (no)"):
        assert plain(name) == name
