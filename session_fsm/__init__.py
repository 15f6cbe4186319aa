"""Sessions with LiveKit voice agents, as checked state machines and observable stores.

    >>> from session_fsm import Session, TokenSource
    >>> session = Session(TokenSource.loopback())
    >>> session.state.value
    <SessionState.IDLE: 'idle'>

Every public name can be imported from here; it is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from session_fsm import _own_stores as _own_stores

if TYPE_CHECKING:
    from session_fsm._version import __version__ as __version__
    from session_fsm.agent import Agent as Agent
    from session_fsm.audio.microphone import MicrophoneInput as MicrophoneInput
    from session_fsm.audio.speaker import SpeakerOutput as SpeakerOutput
    from session_fsm.data.incoming import IncomingStream as IncomingStream
    from session_fsm.data.info import StreamHeader as StreamHeader
    from session_fsm.data.info import StreamInfo as StreamInfo
    from session_fsm.data.info import StreamKind as StreamKind
    from session_fsm.data.local import LocalParticipant as LocalParticipant
    from session_fsm.data.outcome import Progress as Progress
    from session_fsm.data.outcome import StreamEnd as StreamEnd
    from session_fsm.data.outcome import StreamOutcome as StreamOutcome
    from session_fsm.data.outgoing import OutgoingStream as OutgoingStream
    from session_fsm.data.outgoing_text import OutgoingText as OutgoingText
    from session_fsm.data.rpc import RpcMethods as RpcMethods
    from session_fsm.data.tracks import LocalDataTrack as LocalDataTrack
    from session_fsm.data.tracks import RemoteDataTrack as RemoteDataTrack
    from session_fsm.encryption.keys import Keys as Keys
    from session_fsm.encryption.options import Encryption as Encryption
    from session_fsm.encryption.options import KeyProvider as KeyProvider
    from session_fsm.encryption.seen import EncryptionSnapshot as EncryptionSnapshot
    from session_fsm.encryption.seen import PeerEncryption as PeerEncryption
    from session_fsm.errors import AgentError as AgentError
    from session_fsm.errors import AgentLeft as AgentLeft
    from session_fsm.errors import AgentTimeout as AgentTimeout
    from session_fsm.errors import ChannelError as ChannelError
    from session_fsm.errors import ConnectError as ConnectError
    from session_fsm.errors import EncryptionError as EncryptionError
    from session_fsm.errors import MediaError as MediaError
    from session_fsm.errors import RecordingError as RecordingError
    from session_fsm.errors import RpcError as RpcError
    from session_fsm.errors import SendError as SendError
    from session_fsm.errors import SessionEnded as SessionEnded
    from session_fsm.errors import SessionError as SessionError
    from session_fsm.errors import SessionStateError as SessionStateError
    from session_fsm.errors import StaleAgent as StaleAgent
    from session_fsm.errors import StreamError as StreamError
    from session_fsm.errors import TokenError as TokenError
    from session_fsm.errors import UpdateError as UpdateError
    from session_fsm.hardware.device import Device as Device
    from session_fsm.hardware.listing import devices as devices
    from session_fsm.hardware.watching import watch_devices as watch_devices
    from session_fsm.limits import Limits as Limits
    from session_fsm.media.frames import AudioFrame as AudioFrame
    from session_fsm.media.frames import VideoFrame as VideoFrame
    from session_fsm.media.inputs import FrameInput as FrameInput
    from session_fsm.media.inputs import MediaInput as MediaInput
    from session_fsm.media.outputs import AudioOutput as AudioOutput
    from session_fsm.media.outputs import CallbackOutput as CallbackOutput
    from session_fsm.media.outputs import NullOutput as NullOutput
    from session_fsm.media.playback import Playback as Playback
    from session_fsm.media.remote import FrameReader as FrameReader
    from session_fsm.media.slot import MediaSlot as MediaSlot
    from session_fsm.media.synthetic import SilenceInput as SilenceInput
    from session_fsm.media.synthetic import ToneInput as ToneInput
    from session_fsm.media.wav import WavInput as WavInput
    from session_fsm.media.wav import WavOutput as WavOutput
    from session_fsm.messages.attachment import Attachment as Attachment
    from session_fsm.messages.attachment import AttachmentState as AttachmentState
    from session_fsm.messages.expression import Expression as Expression
    from session_fsm.messages.message import Message as Message
    from session_fsm.messages.message import MessageAdded as MessageAdded
    from session_fsm.messages.message import MessageKind as MessageKind
    from session_fsm.messages.message import MessageStatus as MessageStatus
    from session_fsm.messages.message import MessageUpdated as MessageUpdated
    from session_fsm.messages.store import MessageStore as MessageStore
    from session_fsm.participants import RemoteParticipant as RemoteParticipant
    from session_fsm.redact import SecretFilter as SecretFilter
    from session_fsm.roster import Permissions as Permissions
    from session_fsm.session import Session as Session
    from session_fsm.snapshot import AgentSnapshot as AgentSnapshot
    from session_fsm.snapshot import SessionSnapshot as SessionSnapshot
    from session_fsm.states import AgentState as AgentState
    from session_fsm.states import ConnectionState as ConnectionState
    from session_fsm.states import EncryptionState as EncryptionState
    from session_fsm.states import EndReason as EndReason
    from session_fsm.states import MediaState as MediaState
    from session_fsm.states import SessionState as SessionState
    from session_fsm.states import UserState as UserState
    from session_fsm.thread import SessionThread as SessionThread
    from session_fsm.tokens.cached import MemoryStore as MemoryStore
    from session_fsm.tokens.cached import StoredToken as StoredToken
    from session_fsm.tokens.cached import TokenStore as TokenStore
    from session_fsm.tokens.details import ConnectionDetails as ConnectionDetails
    from session_fsm.tokens.details import TokenOptions as TokenOptions
    from session_fsm.tokens.source import TokenSource as TokenSource
    from session_fsm.transition import Transition as Transition
    from session_fsm.transports.base import Transport as Transport
    from session_fsm.transports.data_tracks import DataFrame as DataFrame
    from session_fsm.transports.rpc import RpcCall as RpcCall
    from session_fsm.video.camera import CameraInput as CameraInput
    from session_fsm.video.image import ImageInput as ImageInput
    from session_fsm.video.screen import ScreenInput as ScreenInput

_HOMES: Final = {
    "Agent": "agent",
    "AgentError": "errors",
    "AgentLeft": "errors",
    "AgentSnapshot": "snapshot",
    "AgentState": "states",
    "AgentTimeout": "errors",
    "Attachment": "messages.attachment",
    "AttachmentState": "messages.attachment",
    "AudioFrame": "media.frames",
    "AudioOutput": "media.outputs",
    "CallbackOutput": "media.outputs",
    "CameraInput": "video.camera",
    "ChannelError": "errors",
    "ConnectError": "errors",
    "ConnectionDetails": "tokens.details",
    "ConnectionState": "states",
    "DataFrame": "transports.data_tracks",
    "Device": "hardware.device",
    "Encryption": "encryption.options",
    "EncryptionError": "errors",
    "EncryptionSnapshot": "encryption.seen",
    "EncryptionState": "states",
    "EndReason": "states",
    "Expression": "messages.expression",
    "FrameInput": "media.inputs",
    "FrameReader": "media.remote",
    "ImageInput": "video.image",
    "IncomingStream": "data.incoming",
    "KeyProvider": "encryption.options",
    "Keys": "encryption.keys",
    "Limits": "limits",
    "LocalDataTrack": "data.tracks",
    "LocalParticipant": "data.local",
    "MediaError": "errors",
    "MediaInput": "media.inputs",
    "MediaSlot": "media.slot",
    "MediaState": "states",
    "MemoryStore": "tokens.cached",
    "Message": "messages.message",
    "MessageAdded": "messages.message",
    "MessageKind": "messages.message",
    "MessageStatus": "messages.message",
    "MessageStore": "messages.store",
    "MessageUpdated": "messages.message",
    "MicrophoneInput": "audio.microphone",
    "NullOutput": "media.outputs",
    "OutgoingStream": "data.outgoing",
    "OutgoingText": "data.outgoing_text",
    "PeerEncryption": "encryption.seen",
    "Permissions": "roster",
    "Playback": "media.playback",
    "Progress": "data.outcome",
    "RecordingError": "errors",
    "RemoteDataTrack": "data.tracks",
    "RemoteParticipant": "participants",
    "RpcCall": "transports.rpc",
    "RpcError": "errors",
    "RpcMethods": "data.rpc",
    "ScreenInput": "video.screen",
    "SecretFilter": "redact",
    "SendError": "errors",
    "Session": "session",
    "SessionEnded": "errors",
    "SessionError": "errors",
    "SessionSnapshot": "snapshot",
    "SessionState": "states",
    "SessionStateError": "errors",
    "SessionThread": "thread",
    "SilenceInput": "media.synthetic",
    "SpeakerOutput": "audio.speaker",
    "StaleAgent": "errors",
    "StoredToken": "tokens.cached",
    "StreamEnd": "data.outcome",
    "StreamError": "errors",
    "StreamHeader": "data.info",
    "StreamInfo": "data.info",
    "StreamKind": "data.info",
    "StreamOutcome": "data.outcome",
    "TokenError": "errors",
    "TokenOptions": "tokens.details",
    "TokenSource": "tokens.source",
    "TokenStore": "tokens.cached",
    "ToneInput": "media.synthetic",
    "Transition": "transition",
    "Transport": "transports.base",
    "UpdateError": "errors",
    "UserState": "states",
    "VideoFrame": "media.frames",
    "WavInput": "media.wav",
    "WavOutput": "media.wav",
    "__version__": "_version",
    "devices": "hardware.listing",
    "watch_devices": "hardware.watching",
}
"""Public name -> module that has it."""

__all__ = [*_HOMES]  # noqa: PLE0604 # pyright: ignore[reportUnsupportedDunderAll] - written once


_MODULES: Final = frozenset({"channel", "charts", "diagrams", "recording", "testing", "ui"})
"""Public modules: ``session_fsm.charts.SESSION`` works without importing them first."""


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_MODULES})
