"""What the user is told and offered never contradicts what is the case, in any state there is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from model.worlds import WORLDS, World, states_of
from session_fsm.states import MediaState
from session_fsm.ui import status
from session_fsm.ui.controls import MEDIA, RUNNING, Control, Wishes, controls_of, seen_of
from session_fsm.ui.status import Severity, Status, status_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_fsm.snapshot import SessionSnapshot

IN_EVERY_WORLD = pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
ALL_MEDIA = Wishes(given=frozenset(MEDIA), on_at_start=frozenset(MEDIA))


def controls(now: SessionSnapshot) -> dict[str, Control]:
    return dict(controls_of(seen_of(now), ALL_MEDIA))


def _there_is_a_sentence_and_an_action(now: SessionSnapshot, told: Status) -> bool:
    return told.sentence.endswith(".") and len(told.sentence) < 80 and 0 < len(told.action) < 40


def _who_is_told_to_speak_is_heard(now: SessionSnapshot, told: Status) -> bool:
    heard = now.agent.can_listen and not now.is_reconnecting
    sent = now.media.microphone.state in {MediaState.LIVE, MediaState.OPENING}
    invited = re.search(r"\bspeak\b", f"{told.sentence} {told.action}", re.IGNORECASE)
    return not invited or (heard and sent)


def _who_listens_does(now: SessionSnapshot, told: Status) -> bool:
    return "agent listens" not in told.sentence or (
        now.agent.state == "listening" and now.connection_state == "connected"
    )


def _the_agents_doings_are_told_while_it_does_them(now: SessionSnapshot, told: Status) -> bool:
    words = {"thinking": "is thinking", "speaking": "is speaking"}
    return all(
        now.agent.state == state or word not in told.sentence for state, word in words.items()
    )


def _the_microphone_is_as_it_is_told(now: SessionSnapshot, told: Status) -> bool:
    state = now.media.microphone.state.value
    words = {"is muted": "muted", "being opened": "opening", "does not work": "failed"}
    about = f"{told.sentence}".partition("microphone")[2]
    return all(state == wanted or word not in about for word, wanted in words.items())


def _a_lost_link_is_told_and_only_then(now: SessionSnapshot, told: Status) -> bool:
    return ("is being restored" in told.sentence) is (
        now.is_reconnecting and now.state in {"dispatching", "active"}
    )


def _what_failed_is_an_error_with_its_own_words(now: SessionSnapshot, told: Status) -> bool:
    if now.failure is None:
        return told.severity is not Severity.ERROR
    usual = told.severity in {Severity.ERROR, Severity.WARNING}
    return usual and told.detail == str(now.failure)


def _ready_means_that_the_agent_takes_part_or_will_hear(now: SessionSnapshot, told: Status) -> bool:
    return told.severity is not Severity.READY or now.agent.can_listen


def _nothing_is_going_on_only_when_it_is_not(now: SessionSnapshot, told: Status) -> bool:
    idle = now.state == "idle"
    return idle or (told.severity is not Severity.INFO and told.press != "start")


def _the_offered_control_can_be_pressed(now: SessionSnapshot, told: Status) -> bool:
    if told.press is None:
        return True
    control = controls(now)[told.press]
    return control.is_visible and control.is_enabled and not control.is_pending


def _a_start_or_an_end_can_always_be_pressed_but_while_ending(
    now: SessionSnapshot, told: Status
) -> bool:
    one = controls(now)
    can_start, can_end = one["start"].is_enabled, one["end"].is_enabled
    return (can_start, can_end) == (now.state == "idle", now.state in RUNNING)


def _what_cannot_be_seen_cannot_be_pressed(now: SessionSnapshot, told: Status) -> bool:
    return all(one.is_visible or not one.is_enabled for one in controls(now).values())


def _the_media_controls_are_on_exactly_when_it_is_sent(now: SessionSnapshot, told: Status) -> bool:
    one = controls(now)
    return now.state == "idle" or all(
        one[name].is_on is (getattr(now.media, name).state in {"live", "opening"}) for name in MEDIA
    )


RULES: tuple[Callable[[SessionSnapshot, Status], bool], ...] = (
    _there_is_a_sentence_and_an_action,
    _who_is_told_to_speak_is_heard,
    _who_listens_does,
    _the_agents_doings_are_told_while_it_does_them,
    _the_microphone_is_as_it_is_told,
    _a_lost_link_is_told_and_only_then,
    _what_failed_is_an_error_with_its_own_words,
    _ready_means_that_the_agent_takes_part_or_will_hear,
    _nothing_is_going_on_only_when_it_is_not,
    _the_offered_control_can_be_pressed,
    _a_start_or_an_end_can_always_be_pressed_but_while_ending,
    _what_cannot_be_seen_cannot_be_pressed,
    _the_media_controls_are_on_exactly_when_it_is_sent,
)


@IN_EVERY_WORLD
def test_what_is_told_holds_in_every_state(world: World) -> None:
    for now in states_of(world):
        told = status_of(now)
        broken = [rule.__name__ for rule in RULES if not rule(now, told)]
        assert broken == [], (told, now.to_dict())


def rows_of(table: object) -> list[Status]:
    if isinstance(table, Status):
        return [table]
    rows = table.values() if isinstance(table, dict) else ()
    return [row for row in rows if isinstance(row, Status)]


def test_every_row_of_the_tables_is_told_somewhere() -> None:
    told = {
        (shown.sentence, shown.press)
        for shown in (status_of(now) for world in WORLDS for now in states_of(world))
    }
    rows = [row for table in vars(status).values() for row in rows_of(table)]
    assert len(rows) > 20
    assert {(row.sentence, row.press) for row in rows} <= told
