"""What a session can do beyond talking: each is attached to the link of every run in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio

    from session_fsm.transports.base import Link, Sink


class Capability(Protocol):
    """Lives as long as its session, and works on one link at a time."""

    def attach(self, link: Link, tell: Sink) -> None:
        """Begin with a link that is not connected yet; ``tell`` takes facts of its run."""
        ...

    def detach(self) -> asyncio.Task[None] | None:
        """End everything that belongs to the link: the run is over. Nothing may hang after it.

        Returns:
            What still puts something away, for the run to wait for, or None.
        """
        ...

    def close(self) -> None:
        """The session is closed: complete what is observed, forget what is registered."""
        ...


class EarlyCapability(Capability, Protocol):
    """One that has something to do before there is a link."""

    def begin(self, tell: Sink) -> None:
        """Begin with a run; ``detach`` ends it, also where no link was ever attached."""
        ...
