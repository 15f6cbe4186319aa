"""Calls of tools, put together from events."""

from __future__ import annotations

from session_fsm.channel import (
    FunctionCall,
    FunctionCallOutput,
    ToolCall,
    ToolCallEnded,
    ToolCallStarted,
    ToolCallUpdated,
    ToolReplyStatus,
    ToolReplyUpdated,
    ToolsExecuted,
    ToolsStarted,
    ToolStatus,
    ToolUpdate,
)
from session_fsm.channel.tools import MOST_CALLS, MOST_UPDATES, ToolCalls

CALL = FunctionCall("i", "c", "count", "{}")


def test_a_call_from_its_start_to_the_words_about_it() -> None:
    calls = ToolCalls()
    assert calls.fold(ToolCallStarted(CALL)) == (ToolCall("c", "count", "{}"),)
    (first,) = calls.fold(ToolCallUpdated("c", "c", "at 1"))
    (second,) = calls.fold(ToolCallUpdated("c_update_1", "c", "at 2"))
    assert first.updates == (ToolUpdate("c", "at 1"),)
    assert second.updates == (ToolUpdate("c", "at 1"), ToolUpdate("c_update_1", "at 2"))
    assert second.is_running
    (ended,) = calls.fold(ToolCallEnded("c_final", "c", "done", ToolStatus.DONE))
    assert (ended.status, ended.result, ended.is_running) == (ToolStatus.DONE, "done", False)
    reply = ToolReplyUpdated(("c_update_1", "c_final"), ToolReplyStatus.COMPLETED, "s")
    (spoken,) = calls.fold(reply)
    assert spoken.reply is ToolReplyStatus.COMPLETED
    assert calls.fold(reply) == ()


def test_one_reply_may_be_about_two_calls() -> None:
    calls = ToolCalls()
    for call_id in "ab":
        calls.fold(ToolCallUpdated(f"{call_id}_update_1", call_id, "on"))
    told = calls.fold(
        ToolReplyUpdated(("a_update_1", "b_update_1", "nobody"), ToolReplyStatus.SKIPPED, "s")
    )
    assert [(one.call_id, one.reply) for one in told] == [
        ("a", ToolReplyStatus.SKIPPED),
        ("b", ToolReplyStatus.SKIPPED),
    ]


def test_the_output_of_a_step_is_not_the_end_of_a_call_that_is_followed() -> None:
    """livekit-agents hands the first update to the model as the output of the call."""
    calls = ToolCalls()
    calls.fold(ToolCallStarted(CALL))
    calls.fold(ToolCallUpdated("c", "c", "at 1"))
    assert calls.fold(ToolsExecuted((CALL,), (FunctionCallOutput("", "c", "count", "at 1"),))) == ()
    (ended,) = calls.fold(ToolCallEnded("c_final", "c", "done", ToolStatus.DONE))
    assert ended.result == "done"


def test_an_agent_that_tells_starts_and_outputs_only() -> None:
    calls = ToolCalls()
    (started,) = calls.fold(ToolsStarted((CALL,)))
    assert started.is_running
    (failed,) = calls.fold(
        ToolsExecuted((CALL,), (FunctionCallOutput("", "c", "count", "it broke", is_error=True),))
    )
    assert (failed.status, failed.result) == (ToolStatus.ERROR, "it broke")


def test_a_call_whose_start_was_missed_has_no_name() -> None:
    (ended,) = ToolCalls().fold(ToolCallEnded("c", "c", None, None))
    assert (ended.name, ended.status, ended.result) == ("", ToolStatus.DONE, None)


def test_what_is_remembered_is_bounded() -> None:
    calls = ToolCalls()
    for number in range(MOST_UPDATES + 5):
        (call,) = calls.fold(ToolCallUpdated(f"u{number}", "c", str(number)))
    assert len(call.updates) == MOST_UPDATES
    assert call.updates[-1].message == str(MOST_UPDATES + 4)
    for number in range(MOST_CALLS):
        calls.fold(ToolCallStarted(FunctionCall("", str(number), "n", "")))
    assert calls.fold(ToolReplyUpdated(("u1",), ToolReplyStatus.SKIPPED, "s")) == ()
    assert len(calls.fold(ToolReplyUpdated(("7",), ToolReplyStatus.SKIPPED, "s"))) == 1
