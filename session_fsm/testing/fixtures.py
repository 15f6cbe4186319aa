"""Fixtures of pytest for the tests of one's own user interface.

    pytest_plugins = ["session_fsm.testing.fixtures"]  # in conftest.py, or in the test's module

Needs pytest. The agent is quick, so that no test waits: it is there, thinks and speaks each word
within hundredths of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.session import Session
from session_fsm.testing import ScriptedAgent
from session_fsm.thread import SessionThread
from session_fsm.tokens.source import TokenSource
from stores.extras import needed_for

with needed_for("session_fsm.testing.fixtures", "pytest", "pip install pytest"):
    import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SOON = 0.01


@pytest.fixture
def scripted_agent() -> ScriptedAgent:
    """An agent in this process: it echoes, and can be told to crash, to leave, to chat."""
    return ScriptedAgent(
        join_after=SOON, initialize_for=SOON, track_after=SOON, think_for=SOON, word_every=SOON
    )


@pytest.fixture
def scripted_session(scripted_agent: ScriptedAgent) -> Session:
    """A session with ``scripted_agent``, not started; for ``async with`` on the test's own loop."""
    return Session(TokenSource.loopback(scripted_agent))


@pytest.fixture
def scripted_thread(scripted_session: Session) -> Iterator[SessionThread]:
    """``scripted_session`` on a loop of its own, closed after the test."""
    with SessionThread(scripted_session) as thread:
        yield thread
