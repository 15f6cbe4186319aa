"""Texts of others, on a terminal."""

from __future__ import annotations


def printable(text: str, *, keep: str = "") -> str:
    """Return the text without anything that could steer a terminal.

    Args:
        text: Any text, e.g. what an agent said.
        keep: Characters that are left as they are.
    """
    return "".join(one if one.isprintable() or one in keep else repr(one)[1:-1] for one in text)
