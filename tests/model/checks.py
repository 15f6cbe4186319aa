"""What must hold in every state, and how a reducer with other tables is found out."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Any

from model.spec import TALKING, Arrow, expected
from model.view import view_of
from model.worlds import Taken, everything
from session_fsm.effects import Moved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

    from session_fsm.effects import Effect
    from session_fsm.snapshot import MediaSnapshot, SessionSnapshot


NEVER_TAKEN: tuple[Arrow, ...] = tuple(
    ("agent", f"reported_{word}", "connecting", word)
    for word in ("initializing", "idle", "listening", "thinking", "speaking")
)
"""Arrows for an agent that reports before it has joined; a session always lets it join first."""


def arrows_of(effects: Iterable[Effect]) -> list[Arrow]:
    return [
        (str(one.machine), str(one.trigger), str(one.source), str(one.dest))
        for one in effects
        if isinstance(one, Moved)
    ]


def _no_link_without_a_token(now: SessionSnapshot) -> bool:
    return now.connection_state == "disconnected" or now.state not in {"idle", "fetching-token"}


def _the_agent_is_finished_exactly_when_the_session_is(now: SessionSnapshot) -> bool:
    return (now.agent.state in {"disconnected", "failed"}) is (now.state in {"idle", "ending"})


def _the_user_is_heard_only_while_the_session_runs(now: SessionSnapshot) -> bool:
    agent = now.agent
    runs = now.state not in {"idle", "ending"}
    return (runs or not agent.can_listen) and not (agent.can_listen and agent.is_finished)


def _active_means_an_agent_that_is_there_and_was_ready(now: SessionSnapshot) -> bool:
    there = now.agent.identity is not None or now.is_reconnecting
    return now.state != "active" or (there and now.run.was_active)


def _nobody_waits_in_vain(now: SessionSnapshot) -> bool:
    return not (now.state == "dispatching" and now.agent.state in TALKING)


def _the_agent_is_in_the_room(now: SessionSnapshot) -> bool:
    identity = now.agent.identity
    return identity is None or identity in {one.identity for one in now.roster}


def _a_deadline_runs_only_while_an_agent_is_awaited(now: SessionSnapshot) -> bool:
    return now.run.deadline is None or now.state == "dispatching"


def _whoever_lost_an_agent_waits_for_its_return(now: SessionSnapshot) -> bool:
    waits = now.state == "dispatching" and now.run.was_active
    return not waits or now.run.deadline is not None


def _every_end_has_a_reason_and_every_failure_an_error(now: SessionSnapshot) -> bool:
    ended = now.state in {"idle", "ending"} and now.epoch > 0
    return (now.end_reason is not None) is ended and (
        (now.failure is not None) is (now.end_reason == "failed")
    )


def _a_failed_agent_says_why(now: SessionSnapshot) -> bool:
    return (now.agent.state == "failed") is bool(now.agent.failure_reasons)


def _whoever_is_linked_knows_the_room(now: SessionSnapshot) -> bool:
    known = now.room_name is not None and now.local_identity is not None
    return known or not now.is_connected


def _exactly_one_flag_or_buffering(now: SessionSnapshot) -> bool:
    agent = now.agent
    flags = agent.is_connected + agent.is_pending + agent.is_finished
    return flags == (agent.state != "pre-connect-buffering")


def _media(now: SessionSnapshot) -> list[MediaSnapshot]:
    return [now.media.microphone, now.media.camera, now.media.screen_share]


def _nothing_is_sent_without_a_room(now: SessionSnapshot) -> bool:
    states = {one.state.value for one in _media(now)}
    if now.state in {"idle", "ending"}:
        return states <= {"off", "failed"}
    return now.state in {"dispatching", "active"} or states <= {"off", "opening", "failed"}


def _what_is_sent_has_a_track_and_a_device(now: SessionSnapshot) -> bool:
    return all(
        (one.track is not None) is (one.state in {"live", "muted"})
        and (one.device is not None) is (one.state in {"opening", "live", "muted"})
        and (one.failure is not None) is (one.state == "failed")
        for one in _media(now)
    )


_RULES: tuple[Callable[[SessionSnapshot], bool], ...] = (
    _no_link_without_a_token,
    _the_agent_is_finished_exactly_when_the_session_is,
    _the_user_is_heard_only_while_the_session_runs,
    _active_means_an_agent_that_is_there_and_was_ready,
    _nobody_waits_in_vain,
    _the_agent_is_in_the_room,
    _a_deadline_runs_only_while_an_agent_is_awaited,
    _whoever_lost_an_agent_waits_for_its_return,
    _every_end_has_a_reason_and_every_failure_an_error,
    _a_failed_agent_says_why,
    _whoever_is_linked_knows_the_room,
    _exactly_one_flag_or_buffering,
    _nothing_is_sent_without_a_room,
    _what_is_sent_has_a_track_and_a_device,
)


def broken_rules(snapshot: SessionSnapshot) -> list[str]:
    return [rule.__name__ for rule in _RULES if not rule(snapshot)]


def fresh_reducer() -> ModuleType:
    """Load the reducer once more, so that it reads the tables as they are now."""
    names = ("session_fsm.draft", "session_fsm.reducer")
    kept = {name: import_module(name) for name in names}
    try:
        for name in names:
            spec = spec_from_file_location(name, kept[name].__file__)
            assert spec is not None
            assert spec.loader is not None
            sys.modules[name] = module_from_spec(spec)
            spec.loader.exec_module(sys.modules[name])
        return sys.modules["session_fsm.reducer"]
    finally:
        sys.modules.update(kept)


@cache
def telling_steps() -> tuple[Taken, ...]:
    """Return one step for each sequence of arrows in each combination of states."""
    found: dict[object, Taken] = {}
    for taken in everything():
        view = view_of(taken.source)
        _, arrows = expected(view, taken.event, taken.world.wanted)
        if arrows:
            found.setdefault((view.triple, view.media, *arrows), taken)
    return tuple(found.values())


def first_difference(step: Callable[..., Any]) -> Taken | None:
    """Return a step that does not do what the rules say, or None where all do."""
    for taken in telling_steps():
        world, source, event = taken
        wanted, arrows = expected(view_of(source), event, world.wanted)
        try:
            after, effects = step(source, event, agent_name=world.wanted)
        except Exception:  # noqa: BLE001 - a table with a hole in it may fail in any way
            return taken
        if view_of(after) != wanted or arrows_of(effects) != arrows or broken_rules(after):
            return taken
    return None
