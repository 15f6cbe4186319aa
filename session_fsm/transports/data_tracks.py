"""The part of the port that data tracks go through: frames that may be lost, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

    Feed: TypeAlias = Callable[["DataFrame"], None]
    Published: TypeAlias = Callable[["RemoteTrackPort"], None]
    Unpublished: TypeAlias = Callable[[str], None]


@attrs.frozen
class DataFrame:
    """One frame of a data track.

    Attributes:
        payload: The bytes.
        timestamp: What the sender gave, in a unit of its own; None where it gave none.
    """

    payload: bytes
    timestamp: int | None = None


class OwnTrackPort(Protocol):
    """A data track that this participant publishes."""

    def push(self, frame: DataFrame) -> bool:
        """Send a frame; False where the transport did not take it. Never raises, never waits."""
        ...

    async def unpublish(self) -> None:
        """Take the track back; nothing happens where it is gone."""
        ...


class RemoteTrackPort(Protocol):
    """A data track of somebody else."""

    @property
    def sid(self) -> str:
        """The server's id; another one after a link that was built anew."""
        ...

    @property
    def name(self) -> str:
        """As its publisher gave it."""
        ...

    @property
    def publisher(self) -> str:
        """The publisher's identity."""
        ...

    def subscribe(self, feed: Feed, ended: Callable[[], None]) -> Callable[[], None]:
        """Hand over every frame from now on; ``ended`` when no more will come.

        Returns:
            What ends the subscription; ``ended`` is not called after it.
        """
        ...


class DataTrackPort(Protocol):
    """The data tracks of one link."""

    async def publish(self, name: str) -> OwnTrackPort:
        """Publish a track.

        Raises:
            StreamError: The transport refused.
        """
        ...

    def listen(self, published: Published, unpublished: Unpublished) -> None:
        """Tell tracks that others publish, and the ids of those that are gone."""
        ...
