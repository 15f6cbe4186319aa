"""Names that somebody else gave, made fit for the languages that are drawn in."""

from __future__ import annotations

import re
from typing import Final

_MERMAID: Final = re.compile(r'["#;:<>%{}\\`*]|(?<=direction) ')
"""``direction LR`` is a statement of Mermaid's wherever it stands in a line."""
_MARKDOWN: Final = re.compile(r"[\\`*\[\]<&~#|]|(?<![^\W_])_|_(?![^\W_])")


def shown(name: str) -> str:
    """Return the name in characters that can be seen: a line feed is shown as its code."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in name) or '""'


def for_mermaid(name: str) -> str:
    """Return the name as Mermaid takes it anywhere: what means something is a character code."""
    return _MERMAID.sub(lambda found: f"#{ord(found[0])};", shown(name))


def for_dot(name: str) -> str:
    """Return the name for a quoted string of DOT."""
    escaped = shown(name).replace("\\", "\\\\").replace('"', '\\"')
    return escaped.replace("&", "&amp;")


def for_markdown(name: str) -> str:
    """Return the name as Markdown shows it."""
    return _MARKDOWN.sub(lambda found: f"\\{found[0]}", shown(name))


def as_code(name: str) -> str:
    """Return the name as a code span of Markdown, in a cell of a table."""
    text = shown(name).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{text}{pad}{fence}"
