"""What a replay has in the place of the agent's session channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from session_fsm.channel.client import Channel
from session_fsm.errors import SessionStateError

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

NOBODY = "A replay has no agent that could be asked: ask in a live session."


class SilentChannel(Channel):
    """Streams that tell nothing, so that a user interface can listen to them, and no answers."""

    async def want(
        self,
        of: type[T],  # noqa: ARG002 - as in Channel, and the next ones, too
        kind: str,  # noqa: ARG002
        timeout: float,  # noqa: ARG002, ASYNC109
        *,
        again: bool = True,  # noqa: ARG002
        fields: Mapping[str, object] | None = None,  # noqa: ARG002
    ) -> T:
        """Ask nobody.

        Raises:
            SessionStateError: Always.
        """
        raise SessionStateError(NOBODY, kind="not-running")
