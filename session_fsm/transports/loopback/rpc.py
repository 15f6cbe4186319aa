"""Remote calls in a loopback room: between users and agents, as LiveKit carries them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from session_fsm.roster import find
from session_fsm.transports.rpc import RpcCall, rpc_error

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from session_fsm.transports.loopback.link import LoopbackLink
    from session_fsm.transports.loopback.room import LoopbackRoom
    from session_fsm.transports.rpc import Answer

ROUND_TRIP: Final = 7.0
"""Seconds after which a call is given up whose recipient does not take it, as LiveKit does."""


class LoopbackCalls:
    """The calls that are being answered in one room."""

    def __init__(self, room: LoopbackRoom) -> None:
        self._room = room
        self._answering: dict[asyncio.Task[str], str] = {}

    async def ask(self, to: str, call: RpcCall) -> str:
        """Call somebody in the room.

        Raises:
            RpcError: As on LiveKit: 1501 where nobody of that identity is, 1502 after the time,
                1503 when the recipient leaves, and what the recipient answers.
        """
        asked = self._asked(to, call)
        if asked is None:
            await asyncio.sleep(min(ROUND_TRIP, call.timeout / 4))
            raise rpc_error("connection-timeout", "Connection timeout")
        loop = asyncio.get_running_loop()
        task = loop.create_task(asked)
        self._answering[task] = to
        task.add_done_callback(self._forget)
        try:
            async with asyncio.timeout_at(round(loop.time() + call.timeout, 6)):
                await asyncio.wait({task})
        except TimeoutError:
            task.cancel()
        if not task.done():
            raise rpc_error("response-timeout", "Response timeout")
        if task.cancelled():
            raise rpc_error("recipient-disconnected", "Recipient disconnected")
        return task.result()

    def _asked(self, to: str, call: RpcCall) -> Coroutine[object, object, str] | None:
        link = next((one for one in self._room.links if one.identity == to), None)
        if not self._understood(call.caller, link):
            return None
        if link is not None:
            return link.rpc.answer(call)
        if find(self._room.roster, to) is not None and self._room.agent.answers(to):
            return self._room.agent.answer(self._room, to, call)
        return None

    def _understood(self, caller: str, link: LoopbackLink | None) -> bool:
        cipher = self._room.cipher(caller)
        return self._room.agent_reads(cipher) if link is None else link.encryption.reads(cipher)

    def _forget(self, task: asyncio.Task[str]) -> None:
        del self._answering[task]
        if not task.cancelled():
            task.exception()

    def leave(self, identity: str) -> None:
        """Give up what this participant would have answered: it is gone."""
        for task, to in list(self._answering.items()):
            if to == identity:
                task.cancel()


class LoopbackRpc:
    """The remote calls of one link."""

    def __init__(self, link: LoopbackLink) -> None:
        self._link = link
        self._answers: dict[str, Answer] = {}

    async def call(
        self,
        to: str,
        method: str,
        payload: str,
        timeout: float,  # noqa: ASYNC109 - the peer's time
    ) -> str:
        """Call somebody; over a lost link it waits and is lost, and so is an answer."""
        room = self._link.joined
        if room is None:
            raise rpc_error("send-failed", "The call could not be sent: the room is left.")
        until = round(asyncio.get_running_loop().time() + timeout, 6)
        try:
            async with asyncio.timeout_at(until):
                losses = self._link.losses
                answer = await room.calls.ask(
                    to, RpcCall(method, payload, self._link.identity, timeout)
                )
                if losses != self._link.losses or not self._link.is_up:
                    await asyncio.Event().wait()
                return answer
        except TimeoutError:
            pass
        raise rpc_error("response-timeout", "Response timeout")

    def serve(self, method: str, answer: Answer) -> None:
        """Answer calls of this method."""
        self._answers[method] = answer

    def withdraw(self, method: str) -> None:
        """No longer answer calls of this method."""
        self._answers.pop(method, None)

    async def answer(self, call: RpcCall) -> str:
        """Answer a call of somebody in the room; while the link is down, nobody hears it."""
        if not self._link.is_up:
            await asyncio.Event().wait()
        answer = self._answers.get(call.method)
        if answer is None:
            raise rpc_error("unsupported-method", "Method not supported at destination")
        return await answer(call)
