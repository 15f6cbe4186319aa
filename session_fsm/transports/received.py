"""What a scripted agent has received of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from session_fsm.data.info import StreamKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from session_fsm.data.info import StreamInfo


@attrs.define(eq=False)
class Received:
    """A stream that has reached a scripted agent.

    Attributes:
        info: What its header says.
        pieces: What came, in the order it came in.
        attributes: The trailer's attributes, over the header's; None before its end.
        error: Why it broke off; None before that, and where it is complete.
    """

    info: StreamInfo
    _completed: Callable[[Received], None] | None = None
    pieces: list[str | bytes] = attrs.field(factory=list["str | bytes"], init=False)
    attributes: Mapping[str, str] | None = attrs.field(default=None, init=False)
    error: str | None = attrs.field(default=None, init=False)

    @property
    def is_complete(self) -> bool:
        """Whether all of it is there."""
        return self.attributes is not None and self.error is None

    @property
    def payload(self) -> str | bytes:
        """All that came."""
        if self.info.kind is StreamKind.TEXT:
            return "".join(str(piece) for piece in self.pieces)
        return b"".join(piece for piece in self.pieces if isinstance(piece, bytes))

    def feed(self, chunk: str | bytes) -> bool:
        """Take a piece."""
        self.pieces.append(chunk)
        return True

    def end(self, attributes: Mapping[str, str], error: str | None) -> None:
        """Note how it ended."""
        self.attributes = attributes
        self.error = error
        if error is None and self._completed is not None:
            self._completed(self)
