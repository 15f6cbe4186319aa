"""What ``session.agent`` offers of the session channel."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from session_fsm.arguments import checked_seconds, checked_text
from session_fsm.channel.answers import AgentInfo, AgentSessionInfo, FrameworkInfo, Items, RtcStats
from session_fsm.channel.usage import Usage

if TYPE_CHECKING:
    from session_fsm.channel.client import Channel
    from session_fsm.channel.events import ChannelEvent, ErrorReported, FalseInterruption
    from session_fsm.channel.items import AgentHandoff, ChatItem, TurnMetrics
    from session_fsm.channel.tools import ToolCall
    from stores import EventStream

PATIENCE = 10.0
"""Seconds that the agent has for an answer, where the caller does not say."""


class ChannelCalls:
    """Calls and streams of the agent's session channel (``lk.agent.session``).

    Every call waits for an agent that is ready, and while the link is being restored, as long as
    its ``timeout`` (seconds) lasts, and raises:

    - ``ChannelError``: ``not-served`` (known after two seconds), ``timeout``, ``refused``,
      ``run-ended`` or ``transport``;
    - ``SessionStateError``: the session is not running.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    # What the agent tells -----------------------------------------------------------------------

    @property
    def events(self) -> EventStream[ChannelEvent]:
        """Everything that the agent tells on its channel, after the stores show it."""
        return self._channel.streams.events

    @property
    def tool_calls(self) -> EventStream[ToolCall]:
        """Every change of a call of a tool: the same ``call_id``, and what it has become."""
        return self._channel.streams.tool_calls

    @property
    def handoffs(self) -> EventStream[AgentHandoff]:
        """Another agent of the same program takes the conversation over."""
        return self._channel.streams.handoffs

    @property
    def metrics(self) -> EventStream[TurnMetrics]:
        """How long the parts of a turn took, once for each turn of the user and of the agent."""
        return self._channel.streams.metrics

    @property
    def false_interruptions(self) -> EventStream[FalseInterruption]:
        """What stopped the agent was no interruption."""
        return self._channel.streams.false_interruptions

    @property
    def errors(self) -> EventStream[ErrorReported]:
        """Something failed in the agent; the conversation may go on."""
        return self._channel.streams.errors

    # What it can be asked -----------------------------------------------------------------------

    async def chat_history(self, timeout: float = PATIENCE) -> tuple[ChatItem, ...]:  # noqa: ASYNC109
        """Return everything that was said and done, the oldest first, as the agent keeps it."""
        return await self._channel.history(checked_seconds("timeout", timeout))

    async def info(self, timeout: float = PATIENCE) -> AgentInfo:  # noqa: ASYNC109
        """Return who has the conversation now: its id, instructions, tools and context."""
        seconds = checked_seconds("timeout", timeout)
        return await self._channel.want(AgentInfo, "get_agent_info", seconds)

    async def session_state(self, timeout: float = PATIENCE) -> AgentSessionInfo:  # noqa: ASYNC109
        """Return how the agent's session stands; ``user_state`` shows it, too."""
        seconds = checked_seconds("timeout", timeout)
        return await self._channel.want(AgentSessionInfo, "get_session_state", seconds)

    async def framework(self, timeout: float = PATIENCE) -> FrameworkInfo:  # noqa: ASYNC109
        """Return what the agent's program is built with."""
        seconds = checked_seconds("timeout", timeout)
        return await self._channel.want(FrameworkInfo, "get_framework_info", seconds)

    async def fetch_usage(self, timeout: float = PATIENCE) -> Usage:  # noqa: ASYNC109
        """Return what the models have used so far; ``usage`` shows it, too."""
        seconds = checked_seconds("timeout", timeout)
        return await self._channel.want(Usage, "get_session_usage", seconds)

    async def rtc_stats(self, timeout: float = PATIENCE) -> RtcStats:  # noqa: ASYNC109
        """Return the agent's own WebRTC statistics."""
        seconds = checked_seconds("timeout", timeout)
        return await self._channel.want(RtcStats, "get_rtc_stats", seconds)

    async def ping(self, timeout: float = PATIENCE) -> float:  # noqa: ASYNC109
        """Return the seconds that an answer takes.

        An agent whose session has ended may still answer: see ``is_responsive``.
        """
        seconds = checked_seconds("timeout", timeout)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await self._channel.want(bool, "ping", seconds)
        return loop.time() - begun

    async def run_input(self, text: str, timeout: float = 60.0) -> tuple[ChatItem, ...]:  # noqa: ASYNC109
        """Have the agent take a text as a turn of the user, and return what it made of it.

        It interrupts the agent, and returns when the turn is over: words, calls of tools, their
        outputs, hand-offs. An agent that chose to be silent returns nothing. It is never sent
        twice. The text itself is not in ``session.messages``; what the agent says is.

        Raises:
            ChannelError: As above; when the link was lost meanwhile, and nothing came any more, the
                kind is ``timeout``, and the agent may have done it all the same.
            SessionStateError: The session is not running.
            TypeError: The text is no str.
            ValueError: The text is empty.
        """
        fields = {"text": checked_text("text", text)}
        seconds = checked_seconds("timeout", timeout)
        done = await self._channel.want(Items, "run_input", seconds, again=False, fields=fields)
        return done.items

    async def mute_io(
        self,
        *,
        audio_input: bool | None = None,
        video_input: bool | None = None,
        audio_output: bool | None = None,
        video_output: bool | None = None,
        transcription: bool | None = None,
        timeout: float = PATIENCE,  # noqa: ASYNC109
    ) -> None:
        """Stop what the agent hears, sees, says, shows or writes (True), or let it (False).

        This is at the agent's side, for everybody in the room; None leaves it as it is.

        Raises:
            ChannelError: As above; ``refused`` where the agent has no such input or output.
            SessionStateError: The session is not running.
            TypeError: An argument is neither a bool nor None.
            ValueError: Nothing is asked for.
        """
        given = {
            ("input", "audio"): audio_input,
            ("input", "video"): video_input,
            ("output", "audio"): audio_output,
            ("output", "video"): video_output,
            ("output", "transcription"): transcription,
        }
        fields: dict[str, dict[str, bool]] = {}
        for (side, what), muted in given.items():
            if muted is None:
                continue
            if not isinstance(muted, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"{what} must be True, False or None, not {muted!r}.")
            fields.setdefault(side, {})[f"{what}_enabled"] = not muted
        if not fields:
            raise ValueError("mute_io() needs at least one of its arguments to be True or False.")
        seconds = checked_seconds("timeout", timeout)
        await self._channel.want(bool, "update_io", seconds, fields=fields)
