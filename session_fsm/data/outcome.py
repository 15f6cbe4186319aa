"""How far a stream is, and how it ended."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from session_fsm.roster import NO_ATTRIBUTES, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.errors import StreamError


@attrs.frozen
class Progress:
    """How much of a stream has gone over.

    Attributes:
        transferred: Bytes so far; a text counts as UTF-8.
        size: Bytes in all, or None where the sender did not say.
    """

    transferred: int = 0
    size: int | None = None

    @property
    def fraction(self) -> float | None:
        """Return 0 to 1, or None where the size is not known."""
        return None if self.size is None else min(1.0, self.transferred / max(1, self.size))


class StreamOutcome(StrEnum):
    """The three ends that a stream can have."""

    COMPLETE = "complete"
    BROKEN_OFF = "broken-off"
    CANCELLED = "cancelled"


@attrs.frozen
class StreamEnd:
    """The end of a stream.

    Attributes:
        outcome: ``complete``, ``broken-off`` or ``cancelled``.
        error: What is raised to whoever wants all of it; None where it is complete. Its ``kind``
            says more, its text is a sentence.
        attributes: The header's attributes, and the trailer's over them.
    """

    outcome: StreamOutcome
    error: StreamError | None = None
    attributes: Mapping[str, str] = attrs.field(default=NO_ATTRIBUTES, converter=frozen, hash=False)


def broken(error: StreamError) -> StreamEnd:
    """Return the end that this error is."""
    cancelled = error.kind == "cancelled"
    return StreamEnd(StreamOutcome.CANCELLED if cancelled else StreamOutcome.BROKEN_OFF, error)
