"""``explore``: every state, every edge, a shortest path to each."""

from __future__ import annotations

import pytest

from session_fsm.testing import Step, explore


def clock(hours: int = 12, most: int = 100):  # noqa: ANN201 - what it is, is what is tested
    return explore(
        0, lambda _: (1, 3), lambda now, by: (now + by) % hours, lambda now: now, most=most
    )


def test_every_state_is_found_once() -> None:
    assert sorted(clock().states) == list(range(12))


def test_every_event_is_tried_in_every_state() -> None:
    found = clock()
    assert len(found.steps) == 24
    assert Step(11, 3, 2) in found.steps


def test_paths_are_shortest_and_lead_there() -> None:
    found = clock()
    assert found.path(0) == []
    for state in range(12):
        path = found.path(state)
        assert sum(path) % 12 == state
        assert len(path) == state // 3 + state % 3


def test_edges_leave_out_what_leads_nowhere() -> None:
    found = explore(0, lambda _: (0, 1), lambda now, by: min(now + by, 2), lambda now: now)
    assert [(one.source, one.dest) for one in found.edges()] == [(0, 1), (1, 2)]


def test_what_can_reach_a_goal() -> None:
    found = explore(
        0, lambda now: (1,) if now < 5 else (), lambda now, by: now + by, lambda now: now
    )
    assert found.reaching(lambda now: now == 3) == {0, 1, 2, 3}
    assert found.reaching(lambda now: now == 9) == set()


def test_states_that_a_key_does_not_tell_apart_are_one() -> None:
    found = explore(0, lambda _: (1,), lambda now, by: now + by, lambda now: now % 3)
    assert found.states == {0: 0, 1: 1, 2: 2}


def test_a_key_that_tells_too_much_apart_is_noticed() -> None:
    with pytest.raises(ValueError, match="More than 11 states"):
        clock(most=11)
    assert len(clock(most=12).states) == 12
