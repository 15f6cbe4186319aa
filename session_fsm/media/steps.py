"""The part of the reducer that is about what this client sends: which cause is a fact?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from session_fsm.charts import Cause
from session_fsm.draft import NO_RUN, PUBLISHED
from session_fsm.events import (
    MediaClosed,
    MediaFailed,
    MediaMuted,
    MediaOpened,
    MediaOpening,
    MediaRepublished,
    MediaSwitched,
    MediaUnmuted,
)
from session_fsm.states import IN_THE_ROOM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from session_fsm.draft import Draft
    from session_fsm.events import Fact
    from session_fsm.snapshot import MediaSnapshot


def _opening(draft: Draft, fact: MediaOpening) -> None:
    if draft.session_state not in NO_RUN:
        draft.fire_for(fact.source, Cause.MEDIA_OPENING, device=fact.device)


def _opened(draft: Draft, fact: MediaOpened) -> None:
    if draft.session_state in IN_THE_ROOM:
        draft.fire_for(fact.source, Cause.MEDIA_OPENED, track=fact.track)


def _switched(draft: Draft, fact: MediaSwitched) -> None:
    sent: MediaSnapshot = getattr(draft.media, fact.source)
    if sent.state in PUBLISHED and sent.device != fact.device:
        draft.send(fact.source, attrs.evolve(sent, device=fact.device))


def _republished(draft: Draft, fact: MediaRepublished) -> None:
    sent: MediaSnapshot = getattr(draft.media, fact.source)
    if sent.state in PUBLISHED and sent.track is not fact.track:
        draft.send(fact.source, attrs.evolve(sent, track=fact.track))


def _muted(draft: Draft, fact: MediaMuted) -> None:
    draft.fire_for(fact.source, Cause.MEDIA_MUTED)


def _unmuted(draft: Draft, fact: MediaUnmuted) -> None:
    draft.fire_for(fact.source, Cause.MEDIA_UNMUTED)


def _closed(draft: Draft, fact: MediaClosed) -> None:
    draft.fire_for(fact.source, Cause.MEDIA_CLOSED)


def _failed(draft: Draft, fact: MediaFailed) -> None:
    draft.fire_for(fact.source, Cause.MEDIA_FAILED, failure=fact.error)


MEDIA_STEPS: Final[Mapping[type[Fact], Callable[[Draft, Any], None]]] = {
    MediaOpening: _opening,
    MediaOpened: _opened,
    MediaSwitched: _switched,
    MediaRepublished: _republished,
    MediaMuted: _muted,
    MediaUnmuted: _unmuted,
    MediaClosed: _closed,
    MediaFailed: _failed,
}
"""Fact -> what it makes of the draft."""
