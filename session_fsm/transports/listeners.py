"""Who listens to which streams, and what one stream is told to: the same on every transport."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.data.info import StreamInfo, StreamKind
    from session_fsm.transports.streams import Opened, StreamFeed

logger = logging.getLogger("session_fsm")


class Listeners:
    """Everybody who listens, by kind and topic. One that raises disturbs no other."""

    def __init__(self) -> None:
        self._by_topic: dict[tuple[StreamKind, str], list[Opened]] = {}

    def add(self, kind: StreamKind, topic: str, opened: Opened) -> None:
        """Add one more."""
        self._by_topic.setdefault((kind, topic), []).append(opened)

    @property
    def topics(self) -> tuple[tuple[StreamKind, str], ...]:
        """What somebody listens to."""
        return tuple(self._by_topic)

    def has(self, kind: StreamKind, topic: str) -> bool:
        """Say whether anybody listens to this."""
        return (kind, topic) in self._by_topic

    def open(self, info: StreamInfo) -> Feeds:
        """Tell everybody of a stream, and return what those who want it take it with."""
        wanted: list[StreamFeed] = []
        for opened in tuple(self._by_topic.get((info.kind, info.topic), ())):
            try:
                feed = opened(info)
            except Exception:
                logger.exception("a listener failed on the stream %r", info.id)
            else:
                if feed is not None:
                    wanted.append(feed)
        return Feeds(wanted)


class Feeds:
    """Those who want one stream. Each is ended once, unless it wanted no more before."""

    def __init__(self, feeds: list[StreamFeed]) -> None:
        self._feeds = feeds

    def __bool__(self) -> bool:
        return bool(self._feeds)

    def feed(self, chunk: str | bytes) -> None:
        """Hand a chunk to all of them."""
        self._feeds = [feed for feed in self._feeds if _takes(feed, chunk)]

    def end(self, attributes: Mapping[str, str], error: str | None) -> None:
        """End all of them; a second time does nothing."""
        feeds, self._feeds = self._feeds, []
        for feed in feeds:
            try:
                feed.end(attributes, error)
            except Exception:
                logger.exception("a listener failed at the end of a stream")


def _takes(feed: StreamFeed, chunk: str | bytes) -> bool:
    try:
        return feed.feed(chunk)
    except Exception:
        logger.exception("a listener failed on a chunk")
        return False
