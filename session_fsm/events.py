"""What can happen to a session: commands of the user, and facts of a run.

All of them are frozen and carry data only. A fact is told by the run that it belongs to: the
mailbox holds it as ``FromRun(epoch, fact)``, and the reducer drops what an earlier run tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import attrs

from session_fsm.roster import NOT_JOINED, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from session_fsm.channel.usage import Usage
    from session_fsm.errors import MediaError, SessionError
    from session_fsm.messages.attachment import Attachment
    from session_fsm.messages.message import Message, MessageStatus
    from session_fsm.roster import Local, Participant, Roster
    from session_fsm.snapshot import Deadline
    from session_fsm.states import UserState


@attrs.frozen
class Start:
    """The user calls ``start()``."""


@attrs.frozen
class End:
    """The user calls ``end()`` or ``close()``, or cancels ``start()``."""


# Facts about the run as a whole ------------------------------------------------------------------


@attrs.frozen
class TokenReady:
    """The token source answered.

    Attributes:
        dispatches: The token dispatches an agent (its ``roomConfig.agents`` is not empty).
    """

    dispatches: bool


@attrs.frozen
class RunFailed:
    """Something stops the run."""

    error: SessionError


@attrs.frozen
class DeadlinePassed:
    """The time of this deadline is over."""

    deadline: Deadline


@attrs.frozen
class RunClosed:
    """Every effect of the run has finished."""


# Facts about the link, told by the transport -----------------------------------------------------


@attrs.frozen
class RoomJoined:
    """The room is joined. Comes before any other fact of that room.

    Attributes:
        roster: The agents and avatar workers that are there already; they send no join of their
        own.
        is_encrypted: What is sent into it is encrypted.
    """

    room_name: str
    local_identity: str
    roster: Roster = ()
    room_metadata: str = ""
    local: Local = NOT_JOINED
    is_encrypted: bool = False


@attrs.frozen
class LinkLost:
    """The link is lost and is being restored by the transport."""


@attrs.frozen
class LinkRestored:
    """The link is back; the roster is the whole truth about who is there.

    Attributes:
        resumed: It is the very link that was lost, and nothing that it carried is lost; else it
            was made anew.
    """

    roster: Roster = ()
    resumed: bool = False


@attrs.frozen
class LinkGone:
    """The link is gone for good.

    Attributes:
        kind: One of the kinds of ``ConnectError``.
    """

    kind: str


@attrs.frozen
class RoomChanged:
    """The metadata of the room changed."""

    metadata: str


@attrs.frozen
class LocalChanged:
    """What the server knows of this participant changed."""

    local: Local


# Facts about the others in the room, told by the transport ---------------------------------------


@attrs.frozen
class ParticipantJoined:
    """Somebody joined the room."""

    participant: Participant


@attrs.frozen
class ParticipantLeft:
    """Someone left the room.

    Attributes:
        on_purpose: Its disconnect reason says that it left by its own will (CLIENT_INITIATED).
    """

    identity: str
    on_purpose: bool = False


@attrs.frozen
class ParticipantChanged:
    """Name, metadata or attributes of a participant changed; None means as before."""

    identity: str
    name: str | None = None
    metadata: str | None = None
    attributes: Mapping[str, str] | None = attrs.field(
        default=None, converter=attrs.converters.optional(frozen), hash=False
    )


@attrs.frozen
class TrackChanged:
    """A track was subscribed, or is gone (None).

    Attributes:
        source: ``"microphone"``, ``"camera"`` or ``"screen_share"``.
    """

    identity: str
    source: str
    track: object | None


@attrs.frozen
class ProbeAnswered:
    """The agent answered the probe: it can hear and understand this client."""

    identity: str


@attrs.frozen
class ProbeUnanswered:
    """The agent did not answer the probe in time."""

    identity: str


# Facts about encryption, told by the transport ---------------------------------------------------


@attrs.frozen
class EncryptionSwitched:
    """What this client sends is encrypted from now on, or no longer."""

    is_enabled: bool


@attrs.frozen
class PeerEncryptionTold:
    """Something is known of another participant's encryption.

    Attributes:
        is_encrypted: It says that what it sends is encrypted.
        problem: One of the kinds of ``EncryptionError``, or None.
    """

    identity: str
    is_encrypted: bool
    problem: str | None = None


# Facts from the agent's session channel ----------------------------------------------------------


@attrs.frozen
class UserStateTold:
    """The agent tells what it takes the user to be doing; None where the word is not known."""

    identity: str
    state: UserState | None


@attrs.frozen
class UsageTold:
    """The agent tells what its models have used so far, in all."""

    identity: str
    usage: Usage


@attrs.frozen
class PingAnswered:
    """The agent's session channel answered a ping."""

    identity: str


@attrs.frozen
class PingUnanswered:
    """The agent's session channel left several pings in a row unanswered."""

    identity: str


@attrs.frozen
class TextIgnored:
    """A text that the agent surely got was not taken up: it is deaf."""

    identity: str


@attrs.frozen
class AgentStirred:
    """The agent does what only one with a living session does: it is not deaf."""

    identity: str


# Facts about the pre-connect buffer --------------------------------------------------------------


@attrs.frozen
class BufferingStarted:
    """The user's speech is being kept for an agent that is not there yet."""


@attrs.frozen
class BufferingStopped:
    """The user's speech is no longer kept."""


# Facts about what this client sends: each names the source, microphone, camera or screen_share ---


@attrs.frozen
class MediaOpening:
    """An input is being opened.

    Attributes:
        device: What the input calls itself.
    """

    source: str
    device: str


@attrs.frozen
class MediaOpened:
    """The input is open, and its track is published.

    Attributes:
        track: The transport's own object.
    """

    source: str
    track: object = attrs.field(eq=id)


@attrs.frozen
class MediaSwitched:
    """Another input feeds the track.

    Attributes:
        device: What it calls itself.
    """

    source: str
    device: str


@attrs.frozen
class MediaMuted:
    """Nothing of the input is sent any more, at the user's wish or at the server's."""

    source: str


@attrs.frozen
class MediaUnmuted:
    """What the input gives is sent again."""

    source: str


@attrs.frozen
class MediaRepublished:
    """The link was made anew, and another track is published on it.

    Attributes:
        track: The transport's own object.
    """

    source: str
    track: object = attrs.field(eq=id)


@attrs.frozen
class MediaClosed:
    """The input and the track are gone, as the user wished, or the input came to its end."""

    source: str


@attrs.frozen
class MediaFailed:
    """The input or the track failed, and both are gone."""

    source: str
    error: MediaError


# Facts about texts -------------------------------------------------------------------------------


@attrs.frozen
class TextOpened:
    """A text stream was opened.

    Attributes:
        stream_id: LiveKit's id of the stream.
        topic: ``lk.chat`` or ``lk.transcription``.
        sender: Identity of the participant that sent it.
        attributes: The header's attributes.
        timestamp: The header's time, aware, UTC.
        sender_name: The sender's display name, maybe empty.
        attachments: The ids of the byte streams that belong to the text.
    """

    stream_id: str
    topic: str
    sender: str
    attributes: Mapping[str, str] = attrs.field(hash=False)
    timestamp: datetime
    sender_name: str = ""
    attachments: tuple[str, ...] = ()


@attrs.frozen
class TextChunk:
    """More text of an open stream."""

    stream_id: str
    text: str


@attrs.frozen
class TextClosed:
    """A text stream ended.

    Attributes:
        attributes: The trailer's attributes; they override the header's.
        broken: It broke off before its end.
    """

    stream_id: str
    attributes: Mapping[str, str] = attrs.field(factory=dict[str, str], hash=False)
    broken: bool = False


@attrs.frozen
class TextSubmitted:
    """The user sends a text: it is in the list at once."""

    message: Message


@attrs.frozen
class TextSettled:
    """It is known what became of a text of the user."""

    message_id: str
    status: MessageStatus


@attrs.frozen
class AttachmentChanged:
    """A file that a message lists has come or gone further, or has ended."""

    message_id: str
    attachment: Attachment


@attrs.frozen
class SpeechCorrected:
    """The agent's session channel tells what the agent really said.

    Attributes:
        sender: Identity of the agent.
        text: What was spoken until the end, or until it was interrupted.
        interrupted: It was interrupted.
    """

    sender: str
    text: str
    interrupted: bool


TextFact: TypeAlias = (
    TextOpened
    | TextChunk
    | TextClosed
    | TextSubmitted
    | TextSettled
    | AttachmentChanged
    | SpeechCorrected
)
RunFact: TypeAlias = TokenReady | RunFailed | DeadlinePassed | RunClosed
LinkFact: TypeAlias = RoomJoined | LinkLost | LinkRestored | LinkGone | RoomChanged | LocalChanged
ParticipantFact: TypeAlias = (
    ParticipantJoined
    | ParticipantLeft
    | ParticipantChanged
    | TrackChanged
    | ProbeAnswered
    | ProbeUnanswered
)
ChannelFact: TypeAlias = (
    UserStateTold | UsageTold | PingAnswered | PingUnanswered | TextIgnored | AgentStirred
)
EncryptionFact: TypeAlias = EncryptionSwitched | PeerEncryptionTold
BufferFact: TypeAlias = BufferingStarted | BufferingStopped
MediaFact: TypeAlias = (
    MediaOpening
    | MediaOpened
    | MediaSwitched
    | MediaMuted
    | MediaUnmuted
    | MediaRepublished
    | MediaClosed
    | MediaFailed
)
Fact: TypeAlias = (
    RunFact
    | LinkFact
    | ParticipantFact
    | EncryptionFact
    | ChannelFact
    | BufferFact
    | MediaFact
    | TextFact
)


@attrs.frozen
class FromRun:
    """A fact, and the run that tells it."""

    epoch: int
    fact: Fact


Event: TypeAlias = Start | End | FromRun
