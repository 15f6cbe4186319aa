"""Any bytes on the session channel, from anybody, in any pieces: nothing raises or is forged."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import attrs
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import given, settings
from hypothesis import strategies as st
from livekit.protocol.agent_pb import agent_session as pb

from session_fsm import Session, TokenSource
from session_fsm.channel import ErrorReported, ToolCallEnded, ToolCallStarted, ToolCallUpdated
from session_fsm.channel.events import ToolReplyStatus, ToolReplyUpdated, ToolStatus
from session_fsm.channel.items import FunctionCall
from session_fsm.channel.tools import MOST_CALLS, ToolCalls
from session_fsm.channel.wire import TOPIC, Answer, GarbageError, parse
from session_fsm.data.info import StreamHeader, StreamKind
from session_fsm.testing import ScriptedAgent, run_virtual

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message

DEPTH = 6
INTS = st.sampled_from([0, 1, -1, 2, 3, 4, 99, (1 << 31) - 1, -(1 << 31)])
BIG = st.sampled_from([0, 1, -1, 10**9, 253402300800, (1 << 63) - 1, -(1 << 63)])
FLOATS = st.sampled_from([0.0, 1.5, -1.0, math.nan, math.inf, -math.inf, 1e308])
TEXTS = st.sampled_from(["", "a", "💤", "x" * 50, "\x00"])


SCALARS = {
    FieldDescriptor.CPPTYPE_INT32: INTS,
    FieldDescriptor.CPPTYPE_ENUM: INTS,
    FieldDescriptor.CPPTYPE_INT64: BIG,
    FieldDescriptor.CPPTYPE_UINT32: st.sampled_from([0, 1, (1 << 32) - 1]),
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_FLOAT: st.sampled_from([0.0, 1.5, math.nan, math.inf]),
    FieldDescriptor.CPPTYPE_DOUBLE: FLOATS,
}


def value_of(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any] | None:
    if field.message_type is not None:
        return None if depth == 0 else message_of(field.message_type, depth - 1)
    if field.type == field.TYPE_BYTES:
        return st.binary(max_size=4)
    return SCALARS.get(field.cpp_type, TEXTS)


@st.composite
def message_of(draw: st.DrawFn, of: Descriptor, depth: int = DEPTH) -> Message:
    """A message of the protocol with anything in it that its types allow."""
    made: Message = of._concrete_class()
    fields = list(of.fields)
    for field in draw(st.lists(st.sampled_from(fields), max_size=4)) if fields else []:
        values = value_of(field, depth)
        if values is None:
            continue
        if not field.is_repeated:
            put(made, field, draw(values))
        elif field.message_type is not None and field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is None:
                getattr(made, field.name)[draw(TEXTS)] = draw(TEXTS)
            else:
                getattr(made, field.name)[draw(TEXTS)].string_value = draw(TEXTS)
        else:
            getattr(made, field.name).extend(draw(st.lists(values, max_size=3)))
    return made


def put(made: Message, field: FieldDescriptor, value: Any) -> None:
    if field.message_type is None:
        setattr(made, field.name, value)
    else:
        getattr(made, field.name).CopyFrom(value)
        getattr(made, field.name).SetInParent()


WHOLE = st.one_of(
    message_of(pb.AgentSessionEvent.DESCRIPTOR).map(lambda one: pb.AgentSessionMessage(event=one)),
    message_of(pb.SessionResponse.DESCRIPTOR).map(lambda one: pb.AgentSessionMessage(response=one)),
    message_of(pb.AgentSessionMessage.DESCRIPTOR),
)
MESSAGES = WHOLE.map(lambda one: one.SerializeToString())


@given(MESSAGES)
def test_whatever_the_types_allow_is_an_event_an_answer_or_garbage(data: bytes) -> None:
    try:
        told = parse(data)
    except GarbageError:
        return
    if told is None or isinstance(told, Answer):
        return
    assert attrs.has(type(told))
    at = told.at
    assert at is None or at.utcoffset() is not None
    json.dumps(attrs.asdict(told), default=str, allow_nan=False)


@given(st.one_of(st.binary(max_size=200), MESSAGES), st.data())
def test_bytes_that_were_cut_doubled_or_changed_raise_nothing_else(
    data: bytes, draw: st.DataObject
) -> None:
    place = draw.draw(st.integers(0, len(data)))
    changed = draw.draw(
        st.sampled_from(
            [data, data[:place], data[place:], data + data, data[:place] + b"\xff" + data[place:]]
        )
    )
    try:
        parse(changed)
    except GarbageError:
        return


ENTRIES = st.sampled_from(["a", "b", "a_update_1", "b_final", "", "nobody"])
CALLS = st.sampled_from(["a", "b", "c", ""])
TOOL_EVENTS = st.one_of(
    st.builds(ToolCallStarted, st.builds(FunctionCall, st.just("i"), CALLS, TEXTS, TEXTS)),
    st.builds(ToolCallUpdated, ENTRIES, CALLS, TEXTS),
    st.builds(
        ToolCallEnded, ENTRIES, CALLS, st.none() | TEXTS, st.none() | st.sampled_from(ToolStatus)
    ),
    st.builds(
        ToolReplyUpdated,
        st.lists(ENTRIES).map(tuple),
        st.none() | st.sampled_from(ToolReplyStatus),
        TEXTS,
    ),
)


@given(st.lists(TOOL_EVENTS, max_size=30))
def test_calls_of_tools_in_any_order_are_told_once_for_each_change(events: list[Any]) -> None:
    calls = ToolCalls()
    last: dict[str, object] = {}
    for event in events:
        for call in calls.fold(event):
            assert last.get(call.call_id) != call
            last[call.call_id] = call
    assert len(last) <= MOST_CALLS
    for event in events:
        if isinstance(event, ToolCallEnded):
            assert last[event.call_id].result in {  # type: ignore[attr-defined]
                one.message
                for one in events
                if isinstance(one, ToolCallEnded) and one.call_id == event.call_id
            }


SENDERS = st.sampled_from(["agent", "mallory", "user"])
PIECES = st.integers(1, 4)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(SENDERS, st.one_of(st.binary(max_size=30), MESSAGES), PIECES), max_size=12)
)
def test_a_session_takes_anything_from_anybody_and_believes_the_agent_alone(
    sent: list[tuple[str, bytes, int]],
) -> None:
    async def main() -> None:
        agent = ScriptedAgent()
        async with Session(TokenSource.loopback(agent)) as session:
            await session.start()
            await session.agent.ping()
            seen: list[object] = []
            session.agent.events.subscribe(seen.append)
            identity = session.agent.identity.value or ""
            for sender, data, pieces in sent:
                send(agent, identity if sender == "agent" else sender, data, pieces)
            expected = [told for sender, data, _ in sent if sender == "agent" for told in of(data)]
            assert seen == expected or repr(seen) == repr(expected)  # NaN is not itself
            assert await session.agent.ping() >= 0
            json.dumps(session.snapshot.to_dict(), allow_nan=False)
            agent.channel.fail("still here")
            assert isinstance(seen[-1], ErrorReported)

    run_virtual(main())


def of(data: bytes) -> list[object]:
    """The event in it, if any."""
    try:
        told = parse(data)
    except GarbageError:
        return []
    return [] if told is None or isinstance(told, Answer) else [told]


def send(agent: ScriptedAgent, sender: str, data: bytes, pieces: int) -> None:
    for room in agent.network.rooms.values():
        stream = room.open_stream(sender, StreamHeader("id", StreamKind.BYTES, TOPIC))
        size = max(1, len(data) // pieces)
        for begin in range(0, len(data), size):
            stream.write(data[begin : begin + size])
        stream.close()
