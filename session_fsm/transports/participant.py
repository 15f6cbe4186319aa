"""The part of the port that changes what the room knows of this participant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import attrs

from session_fsm.roster import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.roster import Local


@attrs.frozen
class Update:
    """What is to change; None stays as it is.

    Attributes:
        name: The new display name.
        metadata: The new metadata.
        attributes: Attributes to set; an empty value removes one, the others stay.
    """

    name: str | None = None
    metadata: str | None = None
    attributes: Mapping[str, str] | None = attrs.field(
        default=None, converter=attrs.converters.optional(frozen), hash=False
    )

    def is_in(self, local: Local) -> bool:
        """Say whether the server knows it already."""
        if self.name not in {None, local.name} or self.metadata not in {None, local.metadata}:
            return False
        wanted = self.attributes or {}
        return all(local.attributes.get(key, "") == value for key, value in wanted.items())


class ParticipantPort(Protocol):
    """This participant, as the server knows it."""

    async def update(self, update: Update) -> None:
        """Ask the server for a change; ``LocalChanged`` tells when it is made.

        Returns when the server has taken it, maybe before or after the fact is told.

        Raises:
            UpdateError: The server refused.
        """
        ...
