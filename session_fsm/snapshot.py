"""What can be seen of a session: one frozen value, replaced as a whole by every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from session_fsm.encryption.seen import NOT_ENCRYPTED, EncryptionSnapshot
from session_fsm.messages.log import EMPTY_LOG, MessageLog
from session_fsm.roster import (
    NO_ATTRIBUTES,
    NOT_JOINED,
    Local,
    Participant,
    Roster,
    find,
)
from session_fsm.states import (
    AGENT_FINISHED,
    AGENT_PENDING,
    AGENT_READY,
    CAN_LISTEN,
    IN_THE_ROOM,
    AgentState,
    ConnectionState,
    EndReason,
    MediaState,
    SessionState,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from session_fsm.channel.usage import Usage
    from session_fsm.errors import MediaError, SessionError
    from session_fsm.messages.message import Message
    from session_fsm.states import UserState


@attrs.frozen
class Deadline:
    """What a dispatching session waits for.

    Attributes:
        returning: The agent was there, is gone, and has ``agent_return_timeout`` to be back;
            otherwise it has ``agent_timeout`` to be ready.
        identity: The agent that joined again and has to get ready, or None.
    """

    returning: bool = False
    identity: str | None = None


@attrs.frozen
class RunSnapshot:
    """What belongs to one run and seldom changes in it.

    Attributes:
        failure: Why the run failed, or None.
        end_reason: Why the run ended, or None.
        room_name: The room's name while it is joined.
        local_identity: This participant's identity while the room is joined.
        room_metadata: The room's metadata while it is joined, maybe empty.
        local: What the server knows of this participant while the room is joined.
        dispatches: The token dispatches an agent.
        links: How often the link was restored.
        rebuilds: How often it was made anew for that, so that what it carried may be lost.
        joins: How often an agent became the session's.
        was_active: The session has been active in this run.
        agent_seen: An agent has been in the room in this run.
        deadline: What is waited for, or None.
        own_tracks: The ids of all tracks that this participant has published.
        proven: Who has answered something encrypted.
        met: The agents that have seen this client in this run.
        met_before: Room name and identity of all agents that earlier runs have met.
    """

    failure: SessionError | None = None
    end_reason: EndReason | None = None
    room_name: str | None = None
    local_identity: str | None = None
    room_metadata: str = ""
    local: Local = NOT_JOINED
    dispatches: bool = False
    links: int = 0
    rebuilds: int = 0
    joins: int = 0
    was_active: bool = False
    agent_seen: bool = False
    deadline: Deadline | None = None
    own_tracks: frozenset[str] = frozenset()
    proven: frozenset[str] = frozenset()
    met: frozenset[str] = frozenset()
    met_before: frozenset[tuple[str, str]] = frozenset()


@attrs.frozen
class ChannelSnapshot:
    """What the agent has told on its session channel, and what follows from its silence.

    Attributes:
        user_state: What it takes the user to be doing, or None where it did not say.
        usage: What its models have used so far, or None where it did not say.
        is_deaf: It did not take up a text that it surely got, and nothing was heard of it since.
    """

    user_state: UserState | None = None
    usage: Usage | None = None
    is_deaf: bool = False


NOTHING_TOLD: Final = ChannelSnapshot()


@attrs.frozen
class AgentSnapshot:
    """What can be seen of the agent.

    Attributes:
        state: See `AgentState`.
        participant: The participant that is the agent, while it is in the room.
        avatar: The avatar worker that publishes on its behalf, while it is in the room.
        is_responsive: False while the agent does not answer probe or pings, or does not take up
            texts.
        failure_reasons: Sentences that say why the agent failed; empty unless it did.
        channel: What it has told on its session channel.
    """

    state: AgentState = AgentState.DISCONNECTED
    participant: Participant | None = None
    avatar: Participant | None = None
    is_responsive: bool = True
    failure_reasons: tuple[str, ...] = ()
    channel: ChannelSnapshot = NOTHING_TOLD

    @property
    def identity(self) -> str | None:
        """The participant's identity while it is in the room, else None."""
        return None if self.participant is None else self.participant.identity

    @property
    def name(self) -> str | None:
        """``lk.agent.name``, else the participant's name; None while it is not in the room."""
        return None if self.participant is None else self.participant.agent_name

    @property
    def metadata(self) -> str | None:
        """The participant's metadata; None while it is not in the room."""
        return None if self.participant is None else self.participant.metadata

    @property
    def attributes(self) -> Mapping[str, str]:
        """The participant's attributes, unknown ones included."""
        return NO_ATTRIBUTES if self.participant is None else self.participant.attributes

    @property
    def user_state(self) -> UserState | None:
        """What the agent takes the user to be doing; None where it does not tell."""
        return self.channel.user_state

    @property
    def usage(self) -> Usage | None:
        """What the agent's models have used so far; None where it does not tell."""
        return self.channel.usage

    @property
    def microphone_track(self) -> object | None:
        """The agent's own, else its avatar worker's; None where there is none."""
        return self.track("microphone")

    @property
    def camera_track(self) -> object | None:
        """The same for video."""
        return self.track("camera")

    @property
    def screen_share_track(self) -> object | None:
        """The same for a screen."""
        return self.track("screen_share")

    def track(self, source: str) -> object | None:
        """Return the track of a source: the agent's own, else its avatar worker's."""
        both = (one for one in (self.participant, self.avatar) if one is not None)
        tracks = (one.tracks.of(source) for one in both)
        return next((track for track in tracks if track is not None), None)

    @property
    def is_connected(self) -> bool:
        """The agent listens, thinks or speaks."""
        return self.state in AGENT_READY

    @property
    def can_listen(self) -> bool:
        """What the user says reaches the agent, now or once it is ready."""
        return self.state in CAN_LISTEN

    @property
    def is_pending(self) -> bool:
        """The agent is expected and does not take part yet."""
        return self.state in AGENT_PENDING

    @property
    def is_finished(self) -> bool:
        """No agent takes part and none is expected."""
        return self.state in AGENT_FINISHED


@attrs.frozen
class MediaSnapshot:
    """What can be seen of one thing that this client can send.

    Attributes:
        state: See `MediaState`.
        device: What the input calls itself while it is open or being opened, or None.
        track: The transport's own object (``livekit.rtc.LocalTrack``) while it is published.
        failure: Why it failed, or None; cleared when it is opened again, turned off, or by
            ``start()``.
    """

    state: MediaState = MediaState.OFF
    device: str | None = None
    track: object | None = attrs.field(default=None, eq=id)
    failure: MediaError | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON-able data."""
        failure = self.failure
        return {
            "state": self.state.value,
            "device": self.device,
            "is_published": self.track is not None,
            "failure": failure and {"kind": failure.kind, "message": str(failure)},
        }


@attrs.frozen
class LocalMedia:
    """Everything that this client can send."""

    microphone: MediaSnapshot = MediaSnapshot()
    camera: MediaSnapshot = MediaSnapshot()
    screen_share: MediaSnapshot = MediaSnapshot()


NOTHING_SENT: Final = LocalMedia()


@attrs.frozen(eq=False)
class SessionSnapshot:
    """Everything that can be seen of a session at one moment; nothing in it contradicts the rest.

    Attributes:
        seq: Grows by one with every change.
        epoch: Grows by one with every start; 0 before the first.
        state: See `SessionState`.
        connection_state: See `ConnectionState`.
        agent: What can be seen of the agent.
        roster: Everybody else in the room.
        log: The messages, and what is needed to merge more.
        run: What belongs to the present run.
        media: What this client sends.
        encryption: What is known of the encryption, while the room is joined.
    """

    seq: int = 0
    epoch: int = 0
    state: SessionState = SessionState.IDLE
    connection_state: ConnectionState = ConnectionState.DISCONNECTED
    agent: AgentSnapshot = AgentSnapshot()
    roster: Roster = ()
    log: MessageLog = EMPTY_LOG
    run: RunSnapshot = RunSnapshot()
    media: LocalMedia = NOTHING_SENT
    encryption: EncryptionSnapshot = NOT_ENCRYPTED

    @property
    def failure(self) -> SessionError | None:
        """Why the last run failed, or None; cleared by ``start()``."""
        return self.run.failure

    @property
    def end_reason(self) -> EndReason | None:
        """Why the last run ended, or None; cleared by ``start()``."""
        return self.run.end_reason

    @property
    def room_name(self) -> str | None:
        """The room's name while it is joined, else None."""
        return self.run.room_name

    @property
    def local_identity(self) -> str | None:
        """This participant's identity while the room is joined, else None."""
        return self.run.local_identity

    @property
    def room_metadata(self) -> str:
        """The room's metadata while it is joined; empty where it has none."""
        return self.run.room_metadata

    @property
    def local(self) -> Local:
        """What the server knows of this participant while the room is joined."""
        return self.run.local

    @property
    def messages(self) -> Sequence[Message]:
        """The messages of the present run, or of the last one; a persistent vector."""
        return self.log.messages

    @property
    def is_sending(self) -> bool:
        """A text of the user is on its way, or waits for that."""
        return self.log.index.sending > 0

    @property
    def is_connected(self) -> bool:
        """The room is joined, also while the link is being restored."""
        return self.connection_state in {ConnectionState.CONNECTED, ConnectionState.RECONNECTING}

    @property
    def is_reconnecting(self) -> bool:
        """The link is being restored."""
        return self.connection_state is ConnectionState.RECONNECTING

    @property
    def participants(self) -> Roster:
        """Everybody else in the room while it is joined, the agent included."""
        return self.roster if self.state in IN_THE_ROOM else ()

    def participant(self, identity: str) -> Participant | None:
        """Return whoever has this identity while the room is joined, else None."""
        return find(self.participants, identity)

    def with_log(self, log: MessageLog) -> SessionSnapshot:
        """Return the next snapshot, with these messages and everything else as it is."""
        return SessionSnapshot(
            self.seq + 1,
            self.epoch,
            self.state,
            self.connection_state,
            self.agent,
            self.roster,
            log,
            self.run,
            self.media,
            self.encryption,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all of it but the messages as JSON-able data."""
        agent = self.agent
        failure = self.failure
        return {
            "seq": self.seq,
            "epoch": self.epoch,
            "state": self.state.value,
            "connection_state": self.connection_state.value,
            "is_connected": self.is_connected,
            "is_reconnecting": self.is_reconnecting,
            "is_sending": self.is_sending,
            "room_name": self.room_name,
            "local_identity": self.local_identity,
            "room_metadata": self.room_metadata,
            "local": {
                "name": self.local.name,
                "metadata": self.local.metadata,
                "attributes": dict(self.local.attributes),
                "permissions": self.local.permissions.to_dict(),
                "microphone": self.media.microphone.to_dict(),
                "camera": self.media.camera.to_dict(),
                "screen_share": self.media.screen_share.to_dict(),
            },
            "encryption": self.encryption.to_dict(),
            "end_reason": self.end_reason.value if self.end_reason else None,
            "failure": failure
            and {"type": type(failure).__name__, "kind": failure.kind, "message": str(failure)},
            "agent": {
                "state": agent.state.value,
                "is_connected": agent.is_connected,
                "can_listen": agent.can_listen,
                "is_pending": agent.is_pending,
                "is_finished": agent.is_finished,
                "is_responsive": agent.is_responsive,
                "identity": agent.identity,
                "name": agent.name,
                "metadata": agent.metadata,
                "attributes": dict(agent.attributes),
                "failure_reasons": list(agent.failure_reasons),
                "has_microphone_track": agent.microphone_track is not None,
                "has_camera_track": agent.camera_track is not None,
                "has_screen_share_track": agent.screen_share_track is not None,
                "user_state": agent.user_state and agent.user_state.value,
                "usage": agent.usage and agent.usage.to_dict(),
            },
            "participants": [one.to_dict() for one in self.participants],
        }
