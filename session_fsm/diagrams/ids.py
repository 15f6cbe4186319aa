"""Ids of states and arrows: the same in every drawing, made of ASCII letters, digits and ``_``.

They can be used as they are in Mermaid, DOT, SVG and CSS. Within a machine no two states and no
two arrows have the same one, whatever their names are: a hyphen within a name becomes ``_``, an
underscore ``__``, and everything else ``___``, its code point in hexadecimal digits, and ``_``.
"""

from __future__ import annotations

import re
from typing import Final

_UNDERSCORES: Final = {"-": "_", "_": "__"}
_ODD: Final = re.compile(r"[^A-Za-z0-9]")
_WORD: Final = re.compile(r"[A-Za-z0-9]")


def node_id(machine: str, state: str) -> str:
    """Return the id that a state has in every drawing, ``"session_fetching_token"``."""
    return f"{machine_id(machine)}_{_encoded(state)}"


def edge_id(machine: str, source: str, dest: str) -> str:
    """Return the id of the arrow between two states, ``"session__idle____fetching_token"``.

    An arrow may start at a node that stands for several states: `Diagram.edge` says which one
    shows a transition.
    """
    return f"{machine_id(machine)}__{_encoded(source)}____{_encoded(dest)}"


def machine_id(machine: str) -> str:
    """Return the machine's part of all its ids."""
    name = re.sub(r"\W", "_", machine, flags=re.ASCII)
    return name if re.match("[A-Za-z]", name) else f"m{name}"


def _encoded(state: str) -> str:
    """Return the state's part: it can be read back, so that no two states have the same."""

    def replacement(found: re.Match[str]) -> str:
        char, place = found[0], found.start()
        around = state[place - 1 : place], state[place + 1 : place + 2]
        if char in _UNDERSCORES and all(_WORD.fullmatch(one) for one in around):
            return _UNDERSCORES[char]
        return f"___{ord(char):x}_"

    return _ODD.sub(replacement, state)
