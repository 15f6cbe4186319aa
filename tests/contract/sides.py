"""The two sides that a session can be on, under one set of names: loopback and LiveKit."""

import asyncio
import functools
import json
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from livekit import api, rtc
from livekit.protocol.models import TrackSource

from contract.calls import nobody_left, until
from peers.fixtures import Stack
from session_fsm import (
    ConnectionDetails,
    Permissions,
    RpcError,
    Session,
    StreamKind,
    TokenOptions,
    TokenSource,
)
from session_fsm.data.info import StreamHeader
from session_fsm.testing import ScriptedAgent
from session_fsm.tokens.loopback import LoopbackTokenSource
from session_fsm.transports.rpc import RpcCall
from session_fsm.transports.scripted_channel import ScriptedChannel

CHAT = "a note from the agent"
LONG = " ".join(f"word{n}" for n in range(1, 61))


ON_CHANNEL: dict[str, Callable[[ScriptedChannel], object]] = {
    "tool": lambda channel: channel.call_tool(
        "count", '{"to": 3}', updates=("at 1", "at 2", "at 3"), result="counted to 3"
    ),
    "toolfail": lambda channel: channel.call_tool("fail", result="it broke", status="error"),
    "handoff": lambda channel: channel.hand_off("echo_agent", "other_agent"),
    "error": lambda channel: channel.fail("the model broke"),
    "false-interruption": lambda channel: channel.false_interruption(resumed=True),
    "interrupt": lambda channel: channel.said("assistant", "word1 word2", interrupted=True),
    "garbage": lambda channel: channel.send(b"\xff\xfe not protobuf"),
    "unknown": lambda channel: channel.send(b"\x1a\x03\x9a\x06\x00"),
    "huge": lambda channel: channel.send(bytes(5 << 20)),
}
"""What `Side.on_channel` can do: on the loopback like this, for a worker a text that it knows."""

SOURCES = {
    "microphone": TrackSource.MICROPHONE,
    "camera": TrackSource.CAMERA,
    "screen_share": TrackSource.SCREEN_SHARE,
}


def _camel(name: str) -> str:
    """What a grant is called in a token."""
    head, *parts = name.split("_")
    return head + "".join(map(str.capitalize, parts))


class Side(ABC):
    """A network, and an agent that echoes.

    `source` makes a new room for every fetch, unless one is given; `rooms` are all there were. The
    behaviour is that of `peers/agents/echo.py`: `greet`, `slow`, `silent`, `absent`.
    """

    name: str
    has_room: bool
    """Whether `session.room` is something."""
    agent_name: str
    deadline: float
    """An `agent_timeout` that is soon over, and long enough for a join."""

    def __init__(self) -> None:
        self.rooms: list[str] = []

    def source(
        self,
        room: str | None = None,
        *,
        identity: str = "user",
        dispatch: bool = True,
        **behaviour: object,
    ) -> TokenSource:
        async def mint() -> ConnectionDetails:
            name = room or self.fresh_room()
            self.rooms.append(name)
            return await self.details(name, identity, dispatch=dispatch, **behaviour)

        return TokenSource.literal(mint)

    def fresh_room(self) -> str:
        return Stack.room(None)  # type: ignore[arg-type]  # it looks at nothing

    @abstractmethod
    async def details(
        self, room: str, identity: str = "user", *, dispatch: bool = True, **behaviour: object
    ) -> ConnectionDetails: ...

    @abstractmethod
    def heard(self, room: str) -> list[str]: ...

    @abstractmethod
    async def participants(self, room: str) -> set[str]: ...

    @abstractmethod
    def speaks_at_length(self) -> None:
        """Each word of the agent takes 0.1 s from now on."""

    @abstractmethod
    async def shut_agent_down(self, session: Session) -> None: ...

    @abstractmethod
    async def crash_agent(self, session: Session) -> None: ...

    @abstractmethod
    async def throw_agent_out(self, room: str, identity: str) -> None:
        """Gone without a goodbye."""

    @abstractmethod
    async def send_agent(self, room: str) -> None: ...

    @abstractmethod
    async def agent_chats(self, session: Session) -> None: ...

    @abstractmethod
    async def agent_attaches(self, session: Session) -> None:
        """It sends a text on lk.chat with two files, the second of which breaks off."""

    @abstractmethod
    async def agent_shows_attributes(self, session: Session) -> None:
        """The agent sets `echo.attributes` to the JSON of what it sees of the user."""

    @abstractmethod
    async def agent_sets_metadata(self, session: Session) -> None: ...

    @abstractmethod
    async def change_room(self, room: str, metadata: str) -> None: ...

    @abstractmethod
    def source_granting(self, **grants: Any) -> TokenSource:
        """A source whose tokens grant this, by the names of `livekit.api.VideoGrants`."""

    @abstractmethod
    async def permit(self, room: str, identity: str, permissions: Permissions) -> None:
        """Have the server allow something else from now on."""

    @abstractmethod
    def freeze_agent(self, room: str) -> None: ...

    @abstractmethod
    def thaw_agent(self, room: str) -> None: ...

    @abstractmethod
    async def on_channel(self, session: Session, what: str) -> None:
        """Have the agent do something that it tells on its session channel: see `ON_CHANNEL`."""

    @abstractmethod
    async def close_agent_session(self, session: Session) -> None:
        """The agent stays in the room, and is deaf."""

    @abstractmethod
    async def delete_room(self, room: str) -> None: ...

    @abstractmethod
    async def remove_user(self, room: str, identity: str = "user") -> None: ...

    @abstractmethod
    async def break_link(self, session: Session, how: str = "resumed") -> None:
        """Returns when the session knows. It will be "resumed" or "rebuilt"."""

    @abstractmethod
    async def mend_link(self, session: Session) -> None: ...

    async def nobody_left(self, identity: str = "user") -> None:
        await nobody_left(self.participants, self.rooms, identity)


class LoopbackSide(Side):
    name = "loopback"
    has_room = False
    deadline = 0.3

    def __init__(self) -> None:
        super().__init__()
        self.agent = ScriptedAgent(
            name="echo",
            join_after=0.01,
            initialize_for=0.01,
            track_after=0.01,
            think_for=0.01,
            word_every=0.01,
            echoes=("files", "notes"),
            reply=lambda text: LONG if text == "!long" else f"echo: {text}",
        )
        self.agent.network.connect_delay = 0.01
        self._serve_calls()
        self.agent_name = self.agent.name

    def _serve_calls(self) -> None:  # noqa: C901 - one method after the other
        """The methods of `peers/agents/echo.py`."""

        async def echo(call: RpcCall) -> str:
            return call.payload

        async def fail(call: RpcCall) -> str:
            if call.payload:
                code = int(call.payload)
                raise RpcError("refused on purpose", kind="x", code=code, data="some data")
            raise RuntimeError("a secret of the agent")

        async def slow(call: RpcCall) -> str:
            await asyncio.sleep(float(call.payload))
            return "at last"

        async def hang(call: RpcCall) -> str:
            await asyncio.Event().wait()
            return ""

        async def call_back(call: RpcCall) -> str:
            wanted = call.json()
            payload, timeout = wanted.get("payload", ""), wanted.get("timeout", 8.0)
            try:
                answer = await self.agent.call(call.caller, wanted["method"], payload, timeout)
            except RpcError as error:
                failure = {"code": error.code, "message": str(error), "data": error.data}
                return json.dumps(failure)
            return json.dumps({"answer": answer})

        async def key(call: RpcCall) -> str:
            wanted = call.json()
            if "add" in wanted:
                self.agent.keys = (wanted["add"], *self.agent.keys)
            else:
                self.agent.keys = self.agent.keys[::-1]
            return ""

        for method in (echo, fail, slow, hang, call_back, key):
            self.agent.methods[method.__name__] = method

    async def details(
        self, room: str, identity: str = "user", *, dispatch: bool = True, **behaviour: object
    ) -> ConnectionDetails:
        agent = self.agent
        agent.keys = _keys(behaviour)
        agent.greeting = behaviour.get("greet")  # type: ignore[assignment]
        agent.channel.is_served = bool(behaviour.get("host", True))
        agent.join_after = None if behaviour.get("absent") else 0.01
        agent.initialize_for = None if behaviour.get("silent") else behaviour.get("slow", 0.01)  # type: ignore[assignment]
        options = TokenOptions(room_name=room, participant_identity=identity)
        return await _loopback_source(agent, dispatch).fetch(options)

    def heard(self, room: str) -> list[str]:
        return list(self.agent.heard)

    async def participants(self, room: str) -> set[str]:
        return set(self.agent.network.participants(room))

    def speaks_at_length(self) -> None:
        self.agent.word_every = 0.1

    async def shut_agent_down(self, session: Session) -> None:
        self.agent.leave()

    async def crash_agent(self, session: Session) -> None:
        self.agent.crash()

    async def throw_agent_out(self, room: str, identity: str) -> None:
        self.agent.crash()

    async def send_agent(self, room: str) -> None:
        self.agent.come_back()

    async def agent_chats(self, session: Session) -> None:
        self.agent.chat(CHAT)

    async def agent_attaches(self, session: Session) -> None:
        text = StreamHeader("text", StreamKind.TEXT, "lk.chat", attachments=("0", "1"))
        self.agent.send_stream(text, "two files")
        for number in "01":
            name = f"file {number}.txt"
            file = StreamHeader(number, StreamKind.BYTES, "lk.chat", (), name, size=40_000)
            stream = self.agent.open_stream(file)
            stream.write(b"x" * 20_000)
            if number == "0":
                stream.write(b"y" * 20_000)
            stream.close(reason="changed my mind" if number == "1" else "")

    async def agent_shows_attributes(self, session: Session) -> None:
        link = next(iter(self.agent.network.rooms.values())).links[0]
        seen = json.dumps(dict(link.participant.local.attributes), sort_keys=True)
        self.agent.change({"echo.attributes": seen})

    async def agent_sets_metadata(self, session: Session) -> None:
        self.agent.set_metadata("metadata of the agent")

    async def change_room(self, room: str, metadata: str) -> None:
        self.agent.network.rooms[room].change_room(metadata)

    def source_granting(self, **grants: Any) -> TokenSource:
        class Granting(LoopbackTokenSource):
            def _claims(self, room: str, options: TokenOptions) -> dict[str, Any]:
                claims = super()._claims(room, options)
                claims["video"] |= {_camel(name): grant for name, grant in grants.items()}
                return claims

        return Granting(self.agent)

    async def permit(self, room: str, identity: str, permissions: Permissions) -> None:
        links = self.agent.network.rooms[room].links
        (link,) = [one for one in links if one.identity == identity]
        link.participant.permit(permissions)

    def freeze_agent(self, room: str) -> None:
        self.agent.responsive = False

    def thaw_agent(self, room: str) -> None:
        self.agent.responsive = True

    async def on_channel(self, session: Session, what: str) -> None:
        ON_CHANNEL[what](self.agent.channel)

    async def close_agent_session(self, session: Session) -> None:
        self.agent.channel.is_deaf = True
        self.agent.channel.is_served = False

    async def delete_room(self, room: str) -> None:
        self.agent.network.delete_rooms()

    async def remove_user(self, room: str, identity: str = "user") -> None:
        self.agent.network.cut("removed")

    async def break_link(self, session: Session, how: str = "resumed") -> None:
        self.agent.network.drop()
        await session.wait_until(lambda now: now.is_reconnecting, 20)

    async def mend_link(self, session: Session) -> None:
        self.agent.network.restore()


def _keys(behaviour: dict[str, Any]) -> tuple[str | bytes, ...]:
    """Everything that the agent of `peers/agents/ciphers.py` can read with, its own key last."""
    if "hex" in behaviour:
        return (bytes.fromhex(behaviour["hex"]),)
    keys: dict[str, str] = behaviour.get("keys", {})
    return (behaviour["key"],) if "key" in behaviour else tuple(keys.values())


@functools.cache
def _loopback_source(agent: ScriptedAgent, dispatch: bool) -> TokenSource:  # noqa: FBT001
    return TokenSource.loopback(agent) if dispatch else _without_dispatch(agent)


def _without_dispatch(agent: ScriptedAgent) -> TokenSource:
    return LoopbackTokenSource(agent, dispatch=False)


class LiveKitSide(Side):
    name = "livekit"
    has_room = True
    deadline = 4.0
    _SCENARIOS = {  # noqa: RUF012
        "resumed": rtc.SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT,
        "rebuilt": rtc.SimulateScenarioKind.SIMULATE_FULL_RECONNECT,
    }

    def __init__(self, stack: Stack) -> None:
        super().__init__()
        self.stack = stack
        self.agent_name = stack.worker.agent_name

    async def details(
        self, room: str, identity: str = "user", *, dispatch: bool = True, **behaviour: object
    ) -> ConnectionDetails:
        options: dict[str, object] = {} if dispatch else {"agent": None}
        token = self.stack.token(room, identity, agent_metadata=behaviour, **options)
        return ConnectionDetails(self.stack.url, token, room)

    def heard(self, room: str) -> list[str]:
        return self.stack.heard(room)

    async def participants(self, room: str) -> set[str]:
        return set(await self.stack.server.participants(room))

    def speaks_at_length(self) -> None:
        """It always does."""

    async def shut_agent_down(self, session: Session) -> None:
        await session.send("!shutdown")

    async def crash_agent(self, session: Session) -> None:
        # No text: one that lacks its proof waits for the next agent, which would leave, too.
        with suppress(RpcError):
            await session.call("drop", timeout=2.0)

    async def throw_agent_out(self, room: str, identity: str) -> None:
        await self.stack.server.remove_participant(room, identity)

    async def send_agent(self, room: str) -> None:
        await self.stack.server.dispatch(room, self.agent_name)

    async def agent_chats(self, session: Session) -> None:
        await session.send("!chat")

    async def agent_attaches(self, session: Session) -> None:
        await session.send("!attach")

    async def agent_shows_attributes(self, session: Session) -> None:
        await session.send("!attributes")

    async def agent_sets_metadata(self, session: Session) -> None:
        await session.send("!metadata")

    async def change_room(self, room: str, metadata: str) -> None:
        async with self.stack.server.admin() as admin:
            request = api.UpdateRoomMetadataRequest(room=room, metadata=metadata)
            await admin.room.update_room_metadata(request)

    def source_granting(self, **grants: Any) -> TokenSource:
        def mint() -> ConnectionDetails:
            room = self.fresh_room()
            self.rooms.append(room)
            token = self.stack.token(room, **grants)
            return ConnectionDetails(self.stack.url, token, room)

        return TokenSource.literal(mint)

    async def permit(self, room: str, identity: str, permissions: Permissions) -> None:
        sources = [SOURCES[name] for name in permissions.can_publish_sources]
        permission = api.ParticipantPermission(
            can_subscribe=True,
            can_publish=bool(sources),
            can_publish_sources=sources,
            can_publish_data=permissions.can_publish_data,
        )
        async with self.stack.server.admin() as admin:
            await admin.room.update_participant(
                api.UpdateParticipantRequest(room=room, identity=identity, permission=permission)
            )

    def freeze_agent(self, room: str) -> None:
        os.kill(self._pid(room), signal.SIGSTOP)

    def thaw_agent(self, room: str) -> None:
        os.kill(self._pid(room), signal.SIGCONT)

    def _pid(self, room: str) -> int:
        return int(self.stack.worker.journal(room)[0]["pid"])

    async def on_channel(self, session: Session, what: str) -> None:
        await session.send(f"!{what}")
        if what == "interrupt":
            await session.wait_until(lambda now: "word3" in now.messages[-1].text, 10)
            await session.send("stop")

    async def close_agent_session(self, session: Session) -> None:
        await session.send("!aclose")
        room = session.room_name.value
        # Until then it may still answer the next text.
        await until(lambda: any("reason" in one for one in self.stack.worker.journal(room)))

    async def delete_room(self, room: str) -> None:
        await self.stack.server.delete_room(room)

    async def remove_user(self, room: str, identity: str = "user") -> None:
        await self.stack.server.remove_participant(room, identity)

    async def break_link(self, session: Session, how: str = "resumed") -> None:
        room = session.room
        assert room is not None
        lost = asyncio.create_task(session.wait_until(lambda now: now.is_reconnecting, 15))
        await asyncio.sleep(0)
        await room.simulate_scenario(self._SCENARIOS[how])
        await lost

    async def mend_link(self, session: Session) -> None:
        """The SDK does so by itself."""
