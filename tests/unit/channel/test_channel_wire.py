"""From the bytes of the session channel to typed values."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from livekit.protocol.agent_pb import agent_session as pb

from session_fsm.channel import (
    AgentConfigUpdate,
    AgentHandoff,
    AgentSessionInfo,
    AgentStateChanged,
    AmdPrediction,
    ChatMessage,
    ChatRole,
    DebugMessage,
    EotPrediction,
    EotUsage,
    ErrorReported,
    FunctionCall,
    FunctionCallOutput,
    InterruptionUsage,
    ItemAdded,
    LLMUsage,
    OverlappingSpeech,
    STTUsage,
    ToolCallEnded,
    ToolsExecuted,
    ToolsStarted,
    TTSUsage,
    TurnMetrics,
    UnknownEvent,
    UnknownItem,
    UsageUpdated,
    UserInputTranscribed,
    UserStateChanged,
)
from session_fsm.channel.decoding.values import MOST
from session_fsm.channel.wire import REQUESTS, Answer, GarbageError, parse, request

Event = pb.AgentSessionEvent
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def told(**event: object) -> object:
    """What the event comes out as."""
    return parse(wire(**event))


def wire(**event: object) -> bytes:
    message = pb.AgentSessionMessage(event=Event(**event))  # type: ignore[arg-type]
    return message.SerializeToString()


def item(**item: object) -> object:
    added = Event.ConversationItemAdded(item=pb.ChatContext.ChatItem(**item))  # type: ignore[arg-type]
    event = told(conversation_item_added=added)
    assert isinstance(event, ItemAdded)
    return event.item


def answered(**response: object) -> object:
    body = pb.SessionResponse(request_id="r", **response)  # type: ignore[arg-type]
    return parse(pb.AgentSessionMessage(response=body).SerializeToString())


def test_a_message_has_words_role_and_metrics() -> None:
    metrics = pb.MetricsReport(e2e_latency=0.5, llm_node_tps=12.0, started_speaking_at=NOON)
    message = pb.ChatMessage(
        id="m",
        role=pb.ASSISTANT,
        content=[pb.ChatMessage.ChatContent(text=text) for text in ("one", "two")],
        interrupted=True,
        transcript_confidence=0.9,
        extra={"key": "value"},
        metrics=metrics,
        created_at=NOON,
    )
    expected = TurnMetrics("m", ChatRole.ASSISTANT, NOON, e2e_latency=0.5, llm_node_tps=12.0)
    assert item(message=message) == ChatMessage(
        "m",
        ChatRole.ASSISTANT,
        "one\ntwo",
        interrupted=True,
        transcript_confidence=0.9,
        extra={"key": "value"},
        metrics=expected,
        at=NOON,
    )


def test_a_message_without_metrics_has_none() -> None:
    found = item(message=pb.ChatMessage(id="m", role=pb.USER, metrics=pb.MetricsReport()))
    assert found == ChatMessage("m", ChatRole.USER, "")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (
            {"function_call": pb.FunctionCall(id="i", call_id="c", name="n", arguments="{}")},
            FunctionCall("i", "c", "n", "{}"),
        ),
        (
            {
                "function_call_output": pb.FunctionCallOutput(
                    id="i", call_id="c", name="n", output="o", is_error=True
                )
            },
            FunctionCallOutput("i", "c", "n", "o", is_error=True),
        ),
        (
            {"agent_handoff": pb.AgentHandoff(id="i", new_agent_id="b")},
            AgentHandoff("i", None, "b"),
        ),
        (
            {
                "agent_config_update": pb.AgentConfigUpdate(
                    id="i", instructions="do", tools_added=["a"], tools_removed=["b", "c"]
                )
            },
            AgentConfigUpdate("i", "do", ("a",), ("b", "c")),
        ),
        ({}, UnknownItem("none")),
    ],
)
def test_every_kind_of_item(sent: dict[str, object], expected: object) -> None:
    assert item(**sent) == expected


CALL = pb.FunctionCall(call_id="c", name="n")
USAGE = pb.AgentSessionUsage(
    model_usage=[
        pb.ModelUsage(llm=pb.LLMModelUsage(provider="p", model="m", input_tokens=1)),
        pb.ModelUsage(tts=pb.TTSModelUsage(provider="p", model="m", audio_duration=1.5)),
        pb.ModelUsage(stt=pb.STTModelUsage(provider="p", model="m", audio_duration=float("nan"))),
        pb.ModelUsage(interruption=pb.InterruptionModelUsage(provider="p", total_requests=2)),
        pb.ModelUsage(eot=pb.EotModelUsage(provider="p", total_requests=3)),
        pb.ModelUsage(),
    ]
)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (
            {"agent_state_changed": Event.AgentStateChanged(old_state=2, new_state=99)},
            AgentStateChanged("listening", None),  # type: ignore[arg-type]
        ),
        (
            {"user_state_changed": Event.UserStateChanged(old_state=0, new_state=2)},
            UserStateChanged("speaking", "away"),  # type: ignore[arg-type]
        ),
        (
            {
                "user_input_transcribed": Event.UserInputTranscribed(
                    transcript="hi", is_final=True, language="en"
                )
            },
            UserInputTranscribed("hi", final=True, language="en"),
        ),
        (
            {"function_tools_started": Event.FunctionToolsStarted(function_calls=[CALL])},
            ToolsStarted((FunctionCall("", "c", "n", ""),)),
        ),
        (
            {
                "function_tools_executed": Event.FunctionToolsExecuted(
                    function_calls=[CALL],
                    function_call_outputs=[pb.FunctionCallOutput(call_id="c", output="o")],
                )
            },
            ToolsExecuted(
                (FunctionCall("", "c", "n", ""),), (FunctionCallOutput("", "c", "", "o"),)
            ),
        ),
        (
            {
                "tool_execution_updated": Event.ToolExecutionUpdated(
                    ended=Event.ToolExecutionUpdated.Ended(id="i", call_id="c", status=7)
                )
            },
            ToolCallEnded("i", "c", None, None),
        ),
        (
            {"tool_execution_updated": Event.ToolExecutionUpdated()},
            UnknownEvent("tool_execution_updated"),
        ),
        ({"error": Event.Error(message="it broke")}, ErrorReported("it broke")),
        (
            {"overlapping_speech": Event.OverlappingSpeech(detection_delay=float("inf"))},
            OverlappingSpeech(
                is_interruption=False, detection_delay=0, detected_at=None, overlap_started_at=None
            ),
        ),
        ({"amd_prediction": Event.AmdPrediction(category=77)}, AmdPrediction(None, "", "", 0, 0)),
        ({"eot_prediction": Event.EotPrediction(probability=0.5)}, EotPrediction(0.5, 0, 0, 0)),
        ({"debug_message": pb.DebugMessage()}, DebugMessage({})),
        ({}, UnknownEvent("none")),
    ],
)
def test_every_kind_of_event(sent: dict[str, object], expected: object) -> None:
    assert told(**sent) == expected


def test_usage_of_every_kind_of_model_and_what_is_not_known_is_left_out() -> None:
    event = told(session_usage_updated=Event.SessionUsageUpdated(usage=USAGE))
    assert isinstance(event, UsageUpdated)
    assert event.usage.models == (
        LLMUsage("p", "m", input_tokens=1),
        TTSUsage("p", "m", audio_duration=1.5),
        STTUsage("p", "m"),
        InterruptionUsage("p", "", 2),
        EotUsage("p", "", 3),
    )
    assert event.usage.llm == event.usage.models[:1]
    assert event.usage.tts == event.usage.models[1:2]
    assert event.usage.stt == event.usage.models[2:3]
    assert event.usage.to_dict()[0]["kind"] == "LLMUsage"


def test_what_a_debug_message_holds_is_json_like() -> None:
    message = pb.DebugMessage()
    message.payload.update({"a": [1, "x", None, {"b": False}], "n": float("nan")})
    assert told(debug_message=message) == DebugMessage(
        {"a": [1, "x", None, {"b": False}], "n": None}
    )


@pytest.mark.parametrize("seconds", [-(1 << 62), 1 << 62, 253402300800])
def test_a_time_that_there_is_not_is_none(seconds: int) -> None:
    event = Event(error=Event.Error(message="m"))
    event.created_at.seconds = seconds
    assert parse(pb.AgentSessionMessage(event=event).SerializeToString()) == ErrorReported(
        "m", None
    )


def test_a_field_that_is_not_known_is_kept_by_its_number() -> None:
    unknown = b"\x9a\x06\x00"
    assert parse(b"\x1a\x03" + unknown) == UnknownEvent("field-99")
    in_item = b"\x62" + bytes([2 + len(unknown)]) + b"\x0a" + bytes([len(unknown)]) + unknown
    assert parse(b"\x1a" + bytes([len(in_item)]) + in_item) == ItemAdded(UnknownItem("field-99"))


def test_answers_of_every_kind_are_typed() -> None:
    pong = answered(pong=pb.SessionResponse.Pong())
    assert pong == Answer("r", value=True)
    state = answered(
        get_session_state=pb.SessionResponse.GetSessionStateResponse(
            agent_state=4, user_state=9, agent_id="a", options={"k": "v"}
        )
    )
    assert isinstance(state, Answer)
    assert state.value == AgentSessionInfo("speaking", None, "a", {"k": "v"})  # type: ignore[arg-type]
    refused = answered(error="no", run_input=pb.SessionResponse.RunInputResponse())
    assert isinstance(refused, Answer)
    assert refused.error == "no"
    assert answered() == Answer("r", None)


def test_what_is_for_a_console_is_nothing() -> None:
    frame = pb.AgentSessionMessage.ConsoleIO.AudioFrame(data=b"..", sample_rate=1)
    assert parse(pb.AgentSessionMessage(audio_output=frame).SerializeToString()) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\xff" * 20,
        wire(error=Event.Error(message="long enough"))[:-3],
        b"\x1a\x06\x7a\x04\x0a\x02\xff\xfe",  # an error message that is no UTF-8
        b"\x1a\xff\xff\xff\xff\x0f",
        b"\x62" * 4000,
    ],
)
def test_garbage_is_called_so(data: bytes) -> None:
    with pytest.raises(GarbageError):
        parse(data)


def test_a_list_that_is_too_long_is_garbage() -> None:
    calls = Event.FunctionToolsExecuted(function_calls=[pb.FunctionCall()] * (MOST + 1))
    with pytest.raises(GarbageError, match="entries"):
        told(function_tools_executed=calls)


@pytest.mark.parametrize("kind", REQUESTS)
def test_every_request_says_what_it_asks_for(kind: str) -> None:
    message = pb.AgentSessionMessage()
    message.ParseFromString(request("id", kind))
    assert message.request.request_id == "id"
    assert message.request.WhichOneof("request") == kind
