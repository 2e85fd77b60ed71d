"""Texts of visitors and their files in Streamlit's Markdown."""

import re

# What begins emphasis, code, links, HTML, formulas, colours, emoji, headings, quotes and lists.
_MARKUP = re.compile(r"[\\`*\[\]<$~]|(?<!\w)_|_(?!\w)|:(?=\S)|^[#>+-]")
# Where an address would become a link although nothing marks it as one.
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=\S)(?=@)", re.IGNORECASE)


def plain(text: str) -> str:
    """Markdown that shows a text as it is, in one line."""
    escaped = _MARKUP.sub(lambda found: "\\" + found[0], " ".join(text.split()))
    return _ADDRESS.sub("\u2060", escaped)  # a word joiner, which is invisible
