"""Facts as lines: one for each, for people or for programs.

People get what matters, with the seconds since the beginning; programs get everything, as one JSON
object a line with ``ts``, ``type`` and ``seq``, which counts the lines.
"""

from __future__ import annotations

import json
import sys
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Protocol

from session_fsm.cli import terminal
from session_fsm.ui.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from session_fsm.cli.facts import Fact

    Data = Mapping[str, Any]


class Writer(Protocol):
    """Writes facts to stdout."""

    def __call__(self, fact: Fact) -> None:
        """Write one."""
        ...


def _flags(data: Data) -> str:
    return "  ".join(f"{name}={'yes' if on else 'no'}" for name, on in data.items())


def _agent(data: Data) -> str:
    if data["identity"] is None:
        return "is not in the room"
    return f"is {data['identity']}" + (f", named {data['name']}" if data["name"] else "")


def _message(data: Data) -> str | None:
    if not data["settled"]:
        return None
    status = f"  [{data['status']}]" if data["status"] else ""
    return f"{data['sender']}: {str(data['text']).strip()}{status}"


TEXTS: Final[Mapping[str, Callable[[Data], str | None]]] = {
    "transition": lambda data: f"{data['trigger']}: {data['source']} -> {data['dest']}",
    "room": lambda data: f"{data['name']}, joined as {data['identity']}",
    "agent": _agent,
    "flags": _flags,
    "message": _message,
    "failure": lambda data: f"{data['error']} ({data['kind']}): {data['text']}",
    "end": lambda data: str(data["reason"]),
}
"""Type of a fact -> how people read it; None where they need not."""

COLOURS: Final[Mapping[str, str]] = {
    "session": "36",
    "connection": "34",
    "agent": "35",
    "message": "1",
    "failure": "31",
}
"""Label -> SGR code, where stdout takes colours."""


class PlainLines:
    """For people."""

    def __init__(self, began: datetime) -> None:
        self._began = began
        self._coloured = terminal.takes_colours(sys.stdout)

    def __call__(self, fact: Fact) -> None:
        """Write a fact, unless people need not know it."""
        text = TEXTS[fact.type](fact.data)
        if text is None:
            return
        label = fact.data["machine"] if fact.type == "transition" else fact.type
        shown = f"{label:<11}"
        if self._coloured and label in COLOURS:
            shown = f"\x1b[{COLOURS[label]}m{shown}\x1b[0m"
        seconds = (fact.at - self._began).total_seconds()
        print(f"{seconds:7.2f}  {shown} {printable(text)}", flush=True)


class JsonLines:
    """For programs."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def __call__(self, fact: Fact) -> None:
        """Write a fact."""
        line = {
            "ts": fact.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "type": fact.type,
            "seq": next(self._numbers),
            "epoch": fact.epoch,
            "snapshot": fact.snapshot,
            **fact.data,
        }
        print(json.dumps(line, ensure_ascii=False), flush=True)


def writer(began: datetime, *, as_json: bool) -> Writer:
    """Return what writes facts in the format that is wanted."""
    return JsonLines() if as_json else PlainLines(began)
