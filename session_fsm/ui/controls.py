"""What each control of a session looks like: a function of what can be seen, and of the presses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import attrs

from session_fsm.states import MediaState, SessionState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.roster import Permissions
    from session_fsm.snapshot import LocalMedia, MediaSnapshot, SessionSnapshot

ControlName: TypeAlias = Literal["start", "end", "microphone", "camera", "screen_share", "chat"]
MediaName: TypeAlias = Literal["microphone", "camera", "screen_share"]

NAMES: Final[tuple[ControlName, ...]] = (
    "start",
    "microphone",
    "camera",
    "screen_share",
    "chat",
    "end",
)
"""All of them, in the order in which they are usually shown."""
MEDIA: Final[tuple[MediaName, ...]] = ("microphone", "camera", "screen_share")

LABELS: Final[Mapping[str, tuple[str, str]]] = {
    "microphone": ("Mute", "Unmute"),
    "camera": ("Turn camera off", "Turn camera on"),
    "screen_share": ("Stop sharing", "Share screen"),
    "chat": ("Close chat", "Open chat"),
}
"""What a press does while it is on, and while it is off."""
STARTING: Final = frozenset({SessionState.FETCHING_TOKEN, SessionState.CONNECTING})
RUNNING: Final = STARTING | {SessionState.DISPATCHING, SessionState.ACTIVE}
SENT: Final = frozenset({MediaState.OPENING, MediaState.LIVE})


@attrs.frozen
class Control:
    """What a control shows.

    Attributes:
        is_visible: It belongs on the screen at this moment.
        is_enabled: It can be pressed.
        is_on: What it stands for is on: something is sent, the chat is open.
        is_pending: A press is being carried out; further ones are ignored.
        label: What a press does, in a word or two.
        note: More, for a tooltip or a line below: the device, or why it failed.
    """

    is_visible: bool = True
    is_enabled: bool = False
    is_on: bool = False
    is_pending: bool = False
    label: str = ""
    note: str = ""


@attrs.frozen
class Seen:
    """What the controls depend on, of all that can be seen of a session."""

    epoch: int
    state: SessionState
    is_starting: bool
    is_sending: bool
    failure: str
    media: LocalMedia
    permissions: Permissions

    @property
    def is_running(self) -> bool:
        """Something can be sent, or ended."""
        return self.state in RUNNING


@attrs.frozen
class Wishes:
    """What was pressed, and what became of it.

    Attributes:
        given: The media that have a control.
        on_at_start: Those of them that are to be sent from the start on.
        pending: The controls whose press is being carried out.
        failures: Why the last press of a control failed.
        has_chat: There is a control for the chat.
        is_chat_open: The chat is open.
        can_act: There is a session that can still be started; a replay has none.
    """

    given: frozenset[str] = frozenset()
    on_at_start: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()
    failures: Mapping[str, Exception] = attrs.field(factory=dict[str, Exception], hash=False)
    has_chat: bool = True
    is_chat_open: bool = False
    can_act: bool = True


def seen_of(now: SessionSnapshot) -> Seen:
    """Return what the controls depend on."""
    waits = now.state is SessionState.DISPATCHING and now.run.dispatches and not now.run.was_active
    return Seen(
        now.epoch,
        now.state,
        now.state in STARTING or waits,
        now.is_sending,
        "" if now.failure is None else str(now.failure),
        now.media,
        now.local.permissions,
    )


def controls_of(seen: Seen, wishes: Wishes) -> dict[ControlName, Control]:
    """Return all controls."""
    return {
        "start": _start(seen, wishes),
        "microphone": _media("microphone", seen.media.microphone, seen, wishes),
        "camera": _media("camera", seen.media.camera, seen, wishes),
        "screen_share": _media("screen_share", seen.media.screen_share, seen, wishes),
        "chat": _chat(seen, wishes),
        "end": _end(seen, wishes),
    }


def _start(seen: Seen, wishes: Wishes) -> Control:
    is_idle = seen.state is SessionState.IDLE
    is_pending = seen.is_starting or "start" in wishes.pending
    label = "Starting…" if is_pending else "Try again" if seen.failure else "Start"
    return Control(
        is_visible=is_idle or is_pending,
        is_enabled=wishes.can_act and is_idle and not is_pending,
        is_pending=is_pending,
        label=label,
        note=_failure("start", wishes) or seen.failure,
    )


def _end(seen: Seen, wishes: Wishes) -> Control:
    is_pending = seen.state is SessionState.ENDING or "end" in wishes.pending
    label = "Ending…" if is_pending else "Cancel" if seen.is_starting else "End"
    return Control(
        is_visible=seen.state is not SessionState.IDLE,
        is_enabled=wishes.can_act and seen.is_running and not is_pending,
        is_pending=is_pending,
        label=label,
        note=_failure("end", wishes),
    )


def _media(name: str, media: MediaSnapshot, seen: Seen, wishes: Wishes) -> Control:
    is_idle = seen.state is SessionState.IDLE
    is_on = name in wishes.on_at_start if is_idle else media.state in SENT
    is_pending = name in wishes.pending or media.state is MediaState.OPENING
    failure = "" if media.failure is None else str(media.failure)
    return Control(
        is_visible=name in wishes.given and name in seen.permissions.can_publish_sources,
        is_enabled=wishes.can_act and (is_idle or seen.is_running) and not is_pending,
        is_on=is_on,
        is_pending=is_pending,
        label=LABELS[name][0 if is_on else 1],
        note=failure or _failure(name, wishes) or media.device or "",
    )


def _chat(seen: Seen, wishes: Wishes) -> Control:
    return Control(
        is_visible=wishes.has_chat and seen.permissions.can_publish_data,
        is_enabled=wishes.can_act,
        is_on=wishes.is_chat_open,
        label=LABELS["chat"][0 if wishes.is_chat_open else 1],
        note=_failure("chat", wishes) or ("Sending…" if seen.is_sending else ""),
    )


def _failure(name: str, wishes: Wishes) -> str:
    error = wishes.failures.get(name)
    return "" if error is None else str(error) or type(error).__name__
