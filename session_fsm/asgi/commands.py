"""The commands that pages can give: a table, in which everything that is allowed stands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import attrs

from session_fsm.asgi.problems import Refused
from session_fsm.messages.history import exported
from session_fsm.session import Session

if TYPE_CHECKING:
    from session_fsm.media.slot import MediaSlot

Start: TypeAlias = Callable[[Session], Awaitable[object]]
"""How a session is started when a page asks for it."""
Arguments: TypeAlias = Mapping[str, Any]
Carried: TypeAlias = Callable[[Session, Arguments], Awaitable[Any]]

SOURCES: Final[Mapping[str, Callable[[Session], MediaSlot]]] = {
    "microphone": lambda session: session.local.microphone,
    "camera": lambda session: session.local.camera,
    "screen_share": lambda session: session.local.screen_share,
}
"""What can be muted: what this program sends, of its own computer."""


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Refused("bad-request", f"{name} must be a text with something in it.")
    return value


def _source(name: str, value: object) -> Callable[[Session], MediaSlot]:
    if not isinstance(value, str) or value not in SOURCES:
        raise Refused("bad-request", f"{name} must be one of {', '.join(SOURCES)}.")
    return SOURCES[value]


@attrs.frozen
class Field:
    """One field of a command.

    Attributes:
        check: Returns what is handed on, or refuses it.
        default: What counts where it is left out; None: it must not be.
    """

    check: Callable[[str, object], Any]
    default: object = None


@attrs.frozen
class Command:
    """One command: its fields, and what is done; what that returns is the answer's ``result``."""

    carry_out: Carried
    fields: Mapping[str, Field] = {}


async def _send(session: Session, given: Arguments) -> Any:
    return exported([await session.send(given["text"])])[0]


async def _end(session: Session, _: Arguments) -> None:
    await session.end()


async def _mute(session: Session, given: Arguments) -> None:
    await given["source"](session).mute()


async def _unmute(session: Session, given: Arguments) -> None:
    await given["source"](session).unmute()


def commands(start: Start) -> Mapping[str, Command]:
    """Return the table: name of the command -> the command."""

    async def started(session: Session, _: Arguments) -> None:
        await start(session)

    source = {"source": Field(_source, "microphone")}
    return {
        "start": Command(started),
        "send": Command(_send, {"text": Field(_text)}),
        "end": Command(_end),
        "mute": Command(_mute, source),
        "unmute": Command(_unmute, source),
    }


@attrs.frozen
class Order:
    """A command with all that it needs."""

    command: Command
    arguments: Arguments

    async def carry_out(self, session: Session) -> Any:
        """Do it, and return what the answer is to say."""
        return await self.command.carry_out(session, self.arguments)


def ordered(table: Mapping[str, Command], document: object) -> Order:
    """Read a command.

    Raises:
        Refused: It is none, or a field of it is missing, unknown or wrong.
    """
    if not isinstance(document, dict):
        raise Refused("bad-request", 'Send one JSON object, like {"command": "start"}.')
    given = dict(cast("dict[str, object]", document))
    name = given.pop("command", None)
    if not isinstance(name, str) or name not in table:
        raise Refused("bad-request", f"command must be one of {', '.join(table)}.")
    command = table[name]
    unknown = given.keys() - command.fields.keys()
    if unknown:
        takes = ", ".join(command.fields) or "no fields"
        raise Refused("bad-request", f"{name} takes {takes}, not {min(unknown)[:100]!r}.")
    return Order(
        command,
        {
            field: of.check(field, given.get(field, of.default))
            for field, of in command.fields.items()
        },
    )
