"""``Session``: one object from the token to the end of the conversation."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Self

from session_fsm.arguments import checked_patience, checked_seconds, checked_text, merged_options
from session_fsm.channel.client import Channel
from session_fsm.channel.memory import ChannelMemory
from session_fsm.data.calls import StreamCalls
from session_fsm.data.local import LocalParticipant
from session_fsm.data.receptions import Receptions
from session_fsm.data.rpc import RpcMethods, checked_call
from session_fsm.data.streams import Streams
from session_fsm.data.tracks import DataTracks
from session_fsm.encryption.keys import Keys, not_configured
from session_fsm.encryption.options import Encryption
from session_fsm.errors import SendError, SessionStateError
from session_fsm.events import End, Start
from session_fsm.limits import DEFAULT_LIMITS, Limits
from session_fsm.mailbox import Mailbox
from session_fsm.media.defaults import DEFAULT_INPUTS, checked_output, checked_sendable
from session_fsm.media.playback import Playback
from session_fsm.media.slot import MediaSlot
from session_fsm.messages.attachment_reader import AttachmentReader
from session_fsm.messages.attachment_sender import Enclosure, send_with
from session_fsm.messages.history import restored
from session_fsm.messages.log import log_of
from session_fsm.roster import NO_DATA
from session_fsm.run import Run
from session_fsm.states import SessionState
from session_fsm.tokens.prepared import PreparedToken
from session_fsm.transports.base import NO_WISHES, LinkWishes
from session_fsm.view import SessionView, closed_error

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from livekit.rtc import Room

    from session_fsm.capability import Capability
    from session_fsm.data.rpc import Payload
    from session_fsm.data.tracks import LocalDataTrack, RemoteDataTrack
    from session_fsm.media.defaults import Sendable
    from session_fsm.media.outputs import AudioOutput
    from session_fsm.messages.certainty import AgentMemory
    from session_fsm.messages.message import Message
    from session_fsm.snapshot import Deadline
    from session_fsm.tokens.details import TokenOptions
    from session_fsm.tokens.source import TokenSource
    from session_fsm.transports.base import Sink, Transport
    from session_fsm.transports.encryption import EncryptionPort
    from stores import OnUnhandled, Store

logger = logging.getLogger("session_fsm")


class Session(StreamCalls, SessionView):
    """A session with a LiveKit agent.

    A session can be made where no event loop runs. It belongs to the loop that first calls
    ``start()`` or ``prepare()``, and may be started again after each end.

    Args:
        token_source: Where the server's URL and the token come from.
        agent_name: Asks for the agent of this name where the token source can, and takes no other
            one for the session's agent.
        agent_metadata: Handed to the agent's job where the token source can.
        token_options: More wishes for the token source.
        agent_timeout: Seconds from the room being joined in which a dispatched agent must be
            ready, not counting those in which the link is being restored; None waits for ever.
        agent_return_timeout: Seconds in which an agent that is gone without a goodbye must be
            back; None waits for ever.
        token_timeout: Seconds in which the token source must answer.
        agent_ping: Seconds from one ping to the next on the agent's session channel; two that
            are not answered make ``agent.is_responsive`` false. None: no pings.
        limits: How much of what others send is kept.
        pre_connect_audio: What the user says from ``start(microphone=…)`` on is kept, and handed
            over to the agent once it can hear: at most 30 seconds of it, the newest ones. While it
            is kept the agent is ``pre-connect-buffering``, and ``agent.can_listen`` is true.
        audio_output: Where the agent's voice is played; None: nowhere.
        history: Messages of an earlier session, as ``session.messages.export()`` gave them: they
            are the first in ``messages``, marked ``restored``.
        encryption: Have everything encrypted from end to end; never falls back to plain.
        transport: What to reach the room with; by default the scheme of the URL decides.
        room: Makes the ``livekit.rtc.Room`` of each start, not joined yet, on the session's loop:
            for handlers of one's own. LiveKit's servers only.
        on_unhandled: Called with every exception that an observer of this session raises. They
            are logged in any case, and never disturb the session or another observer.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: A name is empty, or a time is not a number of seconds above 0.
    """

    def __init__(
        self,
        token_source: TokenSource,
        *,
        agent_name: str | None = None,
        agent_metadata: str | None = None,
        token_options: TokenOptions | None = None,
        agent_timeout: float | None = 20.0,
        agent_return_timeout: float | None = 5.0,
        token_timeout: float = 30.0,
        agent_ping: float | None = None,
        limits: Limits = DEFAULT_LIMITS,
        pre_connect_audio: bool = False,
        audio_output: AudioOutput | None = None,
        history: Sequence[Mapping[str, Any]] = (),
        encryption: Encryption | None = None,
        transport: Transport | None = None,
        room: Callable[[], Room] | None = None,
        on_unhandled: OnUnhandled | None = None,
    ) -> None:
        self._options = merged_options(token_options, agent_name, agent_metadata)
        self._agent_timeout = checked_patience("agent_timeout", agent_timeout)
        self._agent_return_timeout = checked_patience("agent_return_timeout", agent_return_timeout)
        if transport is not None and not callable(getattr(transport, "open", None)):
            raise TypeError(f"transport must have an open(), {type(transport).__name__} has none.")
        if on_unhandled is not None and not callable(on_unhandled):
            raise TypeError(f"on_unhandled must be callable, not {type(on_unhandled).__name__}.")
        if not isinstance(limits, Limits):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"limits must be a Limits, not {type(limits).__name__}.")
        self._limits = limits
        self._wishes = _wishes(encryption, room)
        self._transport = transport
        self._tokens = PreparedToken(
            token_source,
            self._options,
            checked_seconds("token_timeout", token_timeout),
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        receptions = Receptions(limits, on_unhandled)
        self._streams = Streams(receptions, on_unhandled)
        self._mailbox = Mailbox(
            self._new_run,
            self._seconds,
            agent_name=self._options.agent_name,
            limits=limits,
            log=log_of(restored(history)),
            on_unhandled=on_unhandled,
        )
        box = self._mailbox
        channel = Channel(
            box.snapshots,
            box.changes,
            limits,
            ping_every=checked_patience("agent_ping", agent_ping),
            on_unhandled=on_unhandled,
        )
        self._memory: AgentMemory = ChannelMemory(channel)
        attachments = AttachmentReader(receptions)
        self._capabilities: tuple[Capability, ...] = (self._streams, attachments, channel)
        super().__init__(
            box.snapshots,
            box.transitions,
            box.changes,
            box.last,
            channel,
            on_unhandled=on_unhandled,
        )
        self._rpc = RpcMethods(box.snapshots)
        self._media = {
            name: MediaSlot(
                name,
                box.snapshots,
                self._running,
                default,
                pre_connect=pre_connect_audio,
                on_unhandled=on_unhandled,
            )
            for name, default in DEFAULT_INPUTS.items()
        }
        self._local = LocalParticipant(box.snapshots, self._running, self._media)
        self._data_tracks = DataTracks(box.snapshots, on_unhandled)
        self._keys = Keys(encryption, self._encryption_port)
        self._playback = Playback(self._senses.voice, checked_output(audio_output), on_unhandled)
        self._capabilities += (self._rpc, self._local, self._data_tracks)
        self._capabilities += (self._senses, self._others, self._playback)

    @property
    def room(self) -> Room | None:
        """The live ``livekit.rtc.Room`` while the room is joined on LiveKit, else None."""
        run = self._mailbox.run
        if run is None or run.link is None or not self.snapshot.is_connected:
            return None
        return run.link.room

    # Lifecycle ----------------------------------------------------------------------------------

    async def start(
        self,
        *,
        microphone: Sendable = False,
        camera: Sendable = False,
        screen_share: Sendable = False,
    ) -> None:
        """Fetch a token, join the room, and wait until the agent is ready.

        When the token dispatches no agent, it returns as soon as the room is joined. While another
        call is starting the session, this one joins it; when the session is active, it returns at
        once; while it is ending, it waits for that and starts again. Cancelling the last call that
        waits rolls everything back.

        What is to be sent is opened and published beside that, and waited for by nobody: a device
        that fails is seen in ``session.local.microphone.failure``, and the session goes on.

        Args:
            microphone: True: the default microphone; one of ``devices("input")`` or its id; an
                input, or an async iterator of frames; False: nothing is heard of the user until
                ``session.local.microphone`` is enabled.
            camera: The same for pictures: True is the first camera.
            screen_share: The same for the screen; an input says which other one.

        Raises:
            TokenError: No usable token could be had.
            ConnectError: The room could not be joined.
            AgentError: The agent did not come, was not ready in time, or left.
            SessionEnded: ``end()`` was called, or the agent left on purpose.
            SessionStateError: The session is closed, or belongs to another event loop.
            TypeError: What is to be sent is no input.
        """
        self._enter()
        given = {"microphone": microphone, "camera": camera, "screen_share": screen_share}
        inputs = {name: checked_sendable(name, value) for name, value in given.items()}
        while self._mailbox.is_stepping or self.snapshot.state is SessionState.ENDING:
            # An eager task of an observer runs within a step: its turn comes after it.
            await (asyncio.sleep(0) if self._mailbox.is_stepping else self._closed_run())
            self._enter()
        if self.snapshot.state is SessionState.IDLE:
            for name, slot in self._media.items():
                slot.wish_at_start(inputs[name])
        elif any(value is not False for value in inputs.values()):
            logger.warning("start() has begun before: use session.local.microphone and the like")
        self._mailbox.post(Start())
        run = self._mailbox.run
        if run is None:
            raise AssertionError("a started session has a run")
        await self._ready(run)

    async def _closed_run(self) -> None:
        if self._mailbox.run is not None:
            await asyncio.wait({self._mailbox.run.closed})

    async def _ready(self, run: Run) -> None:
        if run.handed_over:
            return
        run.starters += 1
        try:
            await asyncio.wait({run.outcome})
        except asyncio.CancelledError:
            run.starters -= 1
            if run.starters == 0 and not run.handed_over:
                self._end(run)
                await asyncio.wait({run.closed})
            raise
        run.starters -= 1
        error = run.outcome.result()
        if error is not None:
            raise error.with_traceback(None)
        run.handed_over = True

    async def end(self) -> None:
        """End the session and wait until it is idle: at most five seconds.

        A second call joins the first; when the session is idle it returns at once.

        Raises:
            SessionStateError: The session belongs to another event loop.
        """
        if self._mailbox.run is None or self.snapshot.state is SessionState.IDLE:
            return
        self._check_loop()
        run = self._mailbox.run
        self._end(run)
        await asyncio.wait({run.closed})

    def _end(self, run: Run) -> None:
        if run is self._mailbox.run:
            self._mailbox.post(End())

    async def close(self) -> None:
        """End the session and complete all its stores and streams; they keep their last values.

        Raises:
            SessionStateError: The session belongs to another event loop, which still runs.
        """
        if self._loop is not None and not self._loop.is_closed():
            self._check_loop()
        while self.snapshot.state is not SessionState.IDLE:
            await self.end()
        self._closed = True
        self._tokens.cancel()
        for capability in (*self._media.values(), *self._capabilities):
            capability.close()
        self._mailbox.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def prepare(self) -> None:
        """Fetch the token ahead of time; the next start uses it, once, if it is still valid.

        Raises:
            TokenError: No usable token could be had.
            SessionStateError: The session is closed, or belongs to another event loop.
        """
        self._enter()
        await self._tokens.prepare(force=self.snapshot.epoch > 0)

    # The conversation ---------------------------------------------------------------------------

    async def send(
        self, text: str, *, attachments: Iterable[str | os.PathLike[str]] = ()
    ) -> Message:
        """Send a text to the agent, as soon as the agent is ready for it; first in, first out.

        The message is in ``messages`` at once, with the status ``sending``. Files that belong to it
        are sent after it, one after the other; the message shows how far each of them is.

        Args:
            text: The text.
            attachments: The files' paths.

        Returns:
            The message, sent, as it is in ``messages``.

        Raises:
            OSError: A file cannot be read; nothing was sent.
            SendError: It was not sent, or it is not certain that the agent can have it; of the kind
                ``permission``: the token does not allow it, and there is no message.
            SessionStateError: The session is idle or ending.
            StreamError: A file is too large, and nothing was sent; or the text was sent, and a file
                was not. The message shows which.
            TypeError: The text is no str.
            ValueError: The text is empty.
        """
        checked_text("text", text)
        run = self._running("send")
        if not self.snapshot.local.permissions.can_publish_data:
            raise SendError(NO_DATA, kind="permission")
        enclosure = Enclosure.of(attachments, self._limits)
        if not enclosure.attachments:
            return await run.outbox.send(run.outbox.message(text))
        sent = await send_with(enclosure, text, run.outbox, self._streams, run.tell)
        shown = (one for one in reversed(self.snapshot.messages) if one.id == sent.id)
        return next(shown, sent)

    @property
    def playback(self) -> Playback:
        """The agent's voice on the output that was given: its failure, and what it dropped."""
        return self._playback

    # Encryption ---------------------------------------------------------------------------------

    @property
    def keys(self) -> Keys:
        """The keys of an encrypted session, to be changed in the middle of a conversation."""
        return self._keys

    async def set_encryption_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - LiveKit's name
        """Encrypt what this client sends, or no longer: sound, pictures, texts, files, calls.

        What arrives encrypted is read in both cases. The session goes over to another link under
        the same identity, as after a link that was lost: it is ``reconnecting`` for a moment,
        tracks are published anew, streams that are under way break off, texts are not lost.

        Raises:
            EncryptionError: The session was made without encryption; or it is not possible now, and
                everything is as before.
            SessionStateError: The session is idle or ending.
        """
        if self._wishes.encryption is None:
            raise not_configured()
        await self._encryption_port("set_encryption_enabled").set_enabled(bool(enabled))

    def _encryption_port(self, method: str) -> EncryptionPort:
        link = self._running(method).link
        if link is None or not self.snapshot.is_connected:
            raise SessionStateError(
                f"The room is not joined yet: call {method}() once it is.", kind="not-running"
            )
        return link.encryption

    # Calls, shared state, data tracks -----------------------------------------------------------

    @property
    def rpc(self) -> RpcMethods:
        """The handlers of calls that others make: ``@session.rpc("method")``."""
        return self._rpc

    @property
    def local(self) -> LocalParticipant:
        """This participant: its name, metadata and attributes, and how to change them."""
        return self._local

    async def call(
        self,
        method: str,
        payload: Payload = "",
        *,
        to: str | None = None,
        timeout: float = 15.0,  # noqa: ASYNC109 - the peer's time, too
    ) -> Any:
        """Call a method of the agent, or of another participant.

        While the session is starting, or the link is being restored, it waits until the agent is
        ready, with ``to`` until the room is joined.

        Args:
            method: The method's name.
            payload: A str goes as it is, and the answer comes as it is; a dict or list goes as
                JSON, and the answer comes decoded.
            to: The identity of whom to call; None: the agent.
            timeout: Seconds for all of it.

        Returns:
            The answer; for JSON, None where it is empty.

        Raises:
            RpcError: The call failed; ``kind`` and ``code`` are LiveKit's. ``send-failed`` says
                that it never left.
            SessionStateError: The session is idle or ending.
            TypeError: An argument is of the wrong type, or the payload cannot be JSON.
            ValueError: An argument is empty or not above 0, or the answer is no JSON.
        """
        checked_call(method, to, timeout)
        self._running("call")
        return await self._rpc.call(method, payload, to, timeout)

    @property
    def data_tracks(self) -> Store[tuple[RemoteDataTrack, ...]]:
        """The data tracks of the others in the room."""
        return self._data_tracks.remote

    async def publish_data_track(self, name: str) -> LocalDataTrack:
        """Publish a data track: frames that may be lost, for sensors, pointers and the like.

        Raises:
            StreamError: It could not be published within ten seconds, or the session ended.
            SessionStateError: The session is idle or ending.
        """
        self._running("publish_data_track")
        return await self._data_tracks.publish(name)

    # The run ------------------------------------------------------------------------------------

    def _enter(self) -> None:
        """Bind the session to the running loop, or check that it is bound to it."""
        if self._closed:
            raise closed_error()
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        self._check_loop()

    def _check_loop(self) -> None:
        if asyncio.get_running_loop() is not self._loop:
            raise SessionStateError(
                "The session belongs to another event loop. From outside of it use "
                "asyncio.run_coroutine_threadsafe(session.end(), loop).",
                kind="wrong-loop",
            )

    def _running(self, method: str) -> Run:
        """Return the run that a method of the conversation works on.

        Raises:
            SessionStateError: The session is idle or ending, or belongs to another event loop.
        """
        run = self._mailbox.run
        if run is None or self.snapshot.state in {SessionState.IDLE, SessionState.ENDING}:
            raise SessionStateError(
                f"The session is {self.snapshot.state}: call start() before {method}().",
                kind="not-running",
            )
        self._check_loop()
        return run

    def _new_run(self, tell: Sink) -> Run:
        return Run(
            tell,
            self._snapshots,
            self._tokens,
            self._transport,
            capabilities=self._capabilities,
            early=tuple(self._media.values()),
            memory=self._memory,
            wishes=self._wishes,
        )

    def _seconds(self, deadline: Deadline | None) -> float | None:
        if deadline is not None and deadline.returning:
            return self._agent_return_timeout
        return self._agent_timeout


def _wishes(encryption: Encryption | None, room: Callable[[], Room] | None) -> LinkWishes:
    if encryption is not None and not isinstance(encryption, Encryption):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"encryption must be an Encryption, not {type(encryption).__name__}.")
    if room is not None and not callable(room):
        raise TypeError(f"room must be a callable that makes a Room, not {type(room).__name__}.")
    return NO_WISHES if encryption is None and room is None else LinkWishes(encryption, room)
