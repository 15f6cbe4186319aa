"""What makes the agent tell things on its session channel (`lk.agent.session`).

Texts of `CALLS` make the model call a tool, as it would call any. `COMMANDS` make the session
itself tell what these fakes never cause: the encoding and the sending are those of livekit-agents.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from livekit.agents import Agent, AgentSession, JobContext, RunContext, function_tool, llm
from livekit.agents.inference.interruption import OverlappingSpeechEvent
from livekit.agents.voice.amd import AMDCategory, AMDPredictionEvent
from livekit.agents.voice.events import AgentFalseInterruptionEvent, EotPredictionEvent
from livekit.protocol.agent_pb import agent_session as pb

CALLS: dict[str, tuple[str, str]] = {
    "!tool": ("count", '{"to": 3}'),  # started, 3 updates, ended, and the words about them
    "!toolfail": ("fail", "{}"),
    "!toolslow": ("dawdle", "{}"),
    "!handoff": ("pass_on", "{}"),
}


def call_of(chat_ctx: llm.ChatContext) -> llm.FunctionToolCall | None:
    """The call that the last text of the user asks for, unless it is answered already."""
    last = chat_ctx.items[-1] if chat_ctx.items else None
    if last is None or last.type != "message" or last.role != "user":
        return None
    wanted = CALLS.get(last.text_content or "")
    if wanted is None:
        return None
    name, arguments = wanted
    return llm.FunctionToolCall(name=name, arguments=arguments, call_id=f"call_{time.time_ns()}")


def output_of(chat_ctx: llm.ChatContext) -> str | None:
    """What the model says after a tool has answered, or None."""
    last = chat_ctx.items[-1] if chat_ctx.items else None
    return f"{last.name} is done" if last and last.type == "function_call_output" else None


@function_tool
async def count(ctx: RunContext, to: int) -> str:
    """Count, and tell how far it is."""
    for n in range(1, to + 1):
        await ctx.update(f"at {n}")
        await asyncio.sleep(0.1)
    return f"counted to {to}"


@function_tool
async def fail() -> str:
    """Fail."""
    raise llm.ToolError("it broke")


@function_tool
async def dawdle() -> str:
    """Take long."""
    await asyncio.sleep(20)
    return "at last"


def tools(make_other: Callable[[], Agent]) -> list[llm.Tool]:
    @function_tool
    async def pass_on() -> tuple[Agent, str]:
        """Hand the conversation over."""
        return make_other(), "passed on"

    return [count, fail, dawdle, pass_on]


async def _false_interruption(ctx: JobContext, session: AgentSession) -> None:
    session.emit("agent_false_interruption", AgentFalseInterruptionEvent(resumed=True))


async def _overlap(ctx: JobContext, session: AgentSession) -> None:
    now = time.time()
    session.emit(
        "overlapping_speech",
        OverlappingSpeechEvent(
            is_interruption=True, detection_delay=0.25, detected_at=now, overlap_started_at=now - 1
        ),
    )


async def _amd(ctx: JobContext, session: AgentSession) -> None:
    guess = AMDPredictionEvent(
        speech_duration=1.5,
        category=AMDCategory.MACHINE_VM,
        reason="a beep",
        transcript="leave a message",
        delay=0.5,
    )
    assert session._session_host is not None
    session._session_host._on_amd_prediction(guess)


async def _eot(ctx: JobContext, session: AgentSession) -> None:
    guess = EotPredictionEvent(probability=0.75, threshold=0.5, inference_duration=0.02, delay=0.3)
    assert session._session_host is not None
    session._session_host._on_eot_prediction(guess)


async def _debug(ctx: JobContext, session: AgentSession) -> None:
    session._emit_debug_message({"what": "a note", "numbers": [1, None], "more": {"yes": True}})


async def _unknown(ctx: JobContext, session: AgentSession) -> None:
    """An event of a later version: field 99, empty."""
    event = bytes([0x9A, 0x06, 0x00])
    await _raw(ctx, bytes([0x1A, len(event)]) + event)


async def _garbage(ctx: JobContext, session: AgentSession) -> None:
    await _raw(ctx, b"\xff\xfe not protobuf")


async def _huge(ctx: JobContext, session: AgentSession) -> None:
    event = pb.AgentSessionEvent(error=pb.AgentSessionEvent.Error(message="x" * (5 << 20)))
    await _raw(ctx, pb.AgentSessionMessage(event=event).SerializeToString())


async def _deaf(ctx: JobContext, session: AgentSession) -> None:
    """The agent answers on its channel, and takes no text any more."""
    ctx.room.unregister_text_stream_handler("lk.chat")


async def _raw(ctx: JobContext, data: bytes) -> None:
    await ctx.room.local_participant.send_bytes(data, name="raw", topic="lk.agent.session")


COMMANDS: dict[str, Callable[[JobContext, AgentSession], Awaitable[None]]] = {
    "!false-interruption": _false_interruption,
    "!overlap": _overlap,
    "!amd": _amd,
    "!eot": _eot,
    "!debug": _debug,
    "!unknown": _unknown,
    "!deaf": _deaf,
    "!garbage": _garbage,
    "!huge": _huge,
}
