"""Whatever others send, in whatever order: nothing raises, nothing is left, all of it ends."""

import asyncio
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from session_fsm import Limits, Session, StreamKind, StreamOutcome, TokenSource
from session_fsm.data.info import StreamHeader
from session_fsm.testing import ScriptedAgent, run_virtual

IDS = st.sampled_from(["one", "two", "three", "", "x" * 300, "a/b", "\x00"])
WORDS = st.text(max_size=20)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["lk.segment_id", "lk.transcription_final", "lk.expression", "any"]), WORDS
)
HEADERS = st.builds(
    StreamHeader,
    IDS,
    st.sampled_from(StreamKind),
    st.sampled_from(["lk.chat", "lk.transcription", "files", "notes", "unheard"]),
    name=WORDS,
    mime_type=WORDS,
    size=st.none() | st.integers(0, 1 << 63),
    attributes=ATTRIBUTES,
    attachments=st.lists(IDS, max_size=3).map(tuple),
)
STEPS = st.one_of(
    st.tuples(st.just("open"), HEADERS, st.booleans()),
    st.tuples(st.just("write"), st.integers(0, 9), st.integers(0, 3000)),
    st.tuples(st.just("close"), st.integers(0, 9), WORDS, ATTRIBUTES),
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.01, 1.0, 11.0])),
    st.tuples(st.sampled_from(["drop", "restore", "crash", "come back"])),
)
LIMITS = Limits(stream_size=5_000, stream_memory=1_000, open_streams=3, attachment_size=4_000)


async def _play(steps: list[tuple[Any, ...]]) -> None:  # noqa: C901, PLR0912 - a case for each
    agent = ScriptedAgent()
    session = Session(TokenSource.loopback(agent), limits=LIMITS, agent_return_timeout=None)
    seen: list[Any] = []
    session.byte_streams("files").subscribe(seen.append)
    session.text_streams("notes").subscribe(seen.append)
    session.text_streams("lk.chat").subscribe(seen.append)
    async with asyncio.timeout(1000), session:
        await session.start()
        room = next(iter(agent.network.rooms.values()))
        opened: list[Any] = []
        for what, *rest in steps:
            match what:
                case "open":
                    header, by_agent = rest
                    sender = session.agent.identity.value if by_agent else "stranger"
                    opened.append(room.open_stream(sender or "nobody", header))
                case "write" if rest[0] < len(opened):
                    stream = opened[rest[0]]
                    text = stream.info.kind is StreamKind.TEXT
                    stream.write("é" * rest[1] if text else b"\xff" * rest[1])
                case "close" if rest[0] < len(opened):
                    opened[rest[0]].close(rest[2], reason=rest[1])
                case "wait":
                    await asyncio.sleep(rest[0])
                case "drop":
                    agent.network.drop()
                case "restore":
                    agent.network.restore()
                case "crash":
                    agent.crash()
                case "come back":
                    agent.come_back()
                case _:
                    pass
            assert sum(one.end.value is None for one in seen) <= LIMITS.open_streams
            assert all(one.progress.value.transferred <= LIMITS.stream_size for one in seen)
    for one in seen:
        end = one.end.value
        assert end is not None
        assert (end.error is None) == (end.outcome is StreamOutcome.COMPLETE)
    final = {"complete", "broken-off", "cancelled"}
    for message in session.messages.value:
        assert message.final
        for attachment in message.attachments:
            assert attachment.state.value in final
            assert attachment.transferred <= LIMITS.attachment_size
    agent.network.delete_rooms()


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(STEPS, max_size=25))
def test_whatever_is_sent_in_whatever_order(
    caplog: pytest.LogCaptureFixture, steps: list[tuple[Any, ...]]
) -> None:
    caplog.clear()
    run_virtual(_play(steps))
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
