"""Requests that wait for their answers: each ends, with a value or a typed error."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

import attrs

from session_fsm.channel.wire import TOPIC, request
from session_fsm.data.info import StreamHeader, StreamKind
from session_fsm.errors import ChannelError, StreamError
from session_fsm.redact import redact, redacted_cause

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_fsm.channel.wire import Answer
    from session_fsm.transports.base import Link

MOST_OF_AN_ERROR = 500
"""Characters of what the agent says about an error that are shown."""

logger = logging.getLogger("session_fsm")


class Whom(NamedTuple):
    """Who is asked: the agent, and which coming of it."""

    identity: str
    joins: int


@attrs.define(eq=False)
class Request:
    """One request.

    Attributes:
        kind: Field of the wire's ``SessionRequest``.
        fields: What is asked for.
        again: Asking twice does no harm: it is sent again when the link was lost meanwhile.
        early: It is sent without knowing whether the agent serves the channel.
        to: Who was asked, or None before it is sent.
        links: Which link it was sent over.
        done: The answer.
    """

    kind: str
    fields: Mapping[str, object]
    again: bool
    early: bool
    done: asyncio.Future[object]
    id: str = attrs.field(factory=lambda: f"req_{uuid4().hex[:16]}")
    to: Whom | None = None
    links: int = -1
    sending: asyncio.Task[None] | None = None

    def fail(self, error: ChannelError) -> None:
        """End it with an error."""
        if not self.done.done():
            self.done.set_exception(error)

    def answer(self, answer: Answer) -> None:
        """End it with what the agent says."""
        if self.done.done():
            return
        if answer.error is not None:
            said = redact(answer.error)[:MOST_OF_AN_ERROR] or "it does not say why"
            self.fail(ChannelError(f"The agent refused {self.kind}: {said}.", kind="refused"))
        elif answer.value is None:
            text = f"The agent's answer to {self.kind} is not one that is understood."
            self.fail(ChannelError(text, kind="refused"))
        else:
            self.done.set_result(answer.value)


class Requests:
    """The requests of one run."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._open: dict[str, Request] = {}
        self._whom: Whom | None = None
        self._links = -1
        self._served: bool | None = None

    async def ask(
        self,
        kind: str,
        timeout: float,  # noqa: ASYNC109 - the caller's patience
        *,
        again: bool = True,
        early: bool = False,
        fields: Mapping[str, object] | None = None,
    ) -> object:
        """Ask the agent as soon as it can be asked, and return its answer.

        Raises:
            ChannelError: There is none.
        """
        done = asyncio.get_running_loop().create_future()
        asked = Request(kind, fields or {}, again, early, done)
        self._open[asked.id] = asked
        try:
            self._look_at(asked)
            await asyncio.wait({done}, timeout=timeout)
            if not done.done():
                raise _late(asked, timeout, links=self._links)
            return done.result()
        finally:
            del self._open[asked.id]
            if asked.sending is not None:
                asked.sending.cancel()
            if done.done() and not done.cancelled():
                done.exception()

    def situation(self, whom: Whom | None, links: int, *, served: bool | None) -> None:
        """Take who can be asked now (None: nobody, for the time being), and over which link."""
        self._whom, self._links, self._served = whom, links, served
        for asked in list(self._open.values()):
            self._look_at(asked)

    def gone(self, why: ChannelError) -> None:
        """End all that were asked: who was asked is gone."""
        for asked in list(self._open.values()):
            if asked.to is not None:
                asked.fail(why)

    def close(self, why: ChannelError) -> None:
        """End all of them: the run is over."""
        self._whom = None
        for asked in list(self._open.values()):
            asked.fail(why)

    def take(self, answer: Answer) -> bool:
        """Say whether somebody waits for this answer, after having handed it over."""
        asked = self._open.get(answer.request_id)
        if asked is None or asked.to is None:
            return False
        asked.answer(answer)
        return True

    def _look_at(self, asked: Request) -> None:
        if asked.done.done() or self._whom is None:
            return
        if self._served is False and not asked.early:
            asked.fail(ChannelError(NOT_SERVED, kind="not-served"))
        elif (self._served or asked.early) and (
            asked.to is None or (asked.again and asked.links != self._links)
        ):
            asked.to, asked.links = self._whom, self._links
            if asked.sending is not None:
                asked.sending.cancel()
            asked.sending = asyncio.get_running_loop().create_task(self._send(asked, self._whom))
            asked.sending.add_done_callback(_sent)

    async def _send(self, asked: Request, whom: Whom) -> None:
        links = self._links
        data = request(asked.id, asked.kind, **asked.fields)
        header = StreamHeader(
            f"session-{uuid4().hex}",
            StreamKind.BYTES,
            TOPIC,
            (whom.identity,),
            name=asked.id,
            mime_type="application/octet-stream",
            size=len(data),
        )
        try:
            writer = await self._link.streams.open(header)
            await writer.write(data)
            await writer.close()
        except StreamError as error:
            if error.kind == "unconfirmed":
                return  # all of it was sent: the answer will say whether it arrived
            if asked.again and (self._whom is None or self._links != links):
                return  # the link was lost: it is sent again over the next one
            failure = ChannelError(
                f"{asked.kind} could not be sent to the agent: {redact(str(error))}",
                kind="transport",
            )
            failure.__cause__ = redacted_cause(error)
            asked.fail(failure)


NOT_SERVED = (
    "The agent does not serve the session channel (lk.agent.session): it answers no ping and tells "
    "nothing. livekit-agents serves it unless session_host is switched off."
)


def _late(asked: Request, timeout: float, *, links: int) -> ChannelError:
    if asked.to is None:
        text = f"There was no agent to ask for {asked.kind} within {timeout:g} seconds."
    elif not asked.again and asked.links != links:
        text = (
            f"The link was lost while the agent worked on {asked.kind}, and no answer came within "
            f"{timeout:g} seconds. It may have been done all the same: see agent.chat_history()."
        )
    else:
        text = f"The agent did not answer {asked.kind} within {timeout:g} seconds."
    return ChannelError(text, kind="timeout")


def _sent(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        cause = redacted_cause(error) if isinstance(error, Exception) else error
        logger.error("sending on the session channel failed", exc_info=cause)
