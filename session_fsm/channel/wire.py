"""The bytes of the session channel: one ``AgentSessionMessage`` for each byte stream.

Source: ``livekit_agent_session.proto`` of livekit-protocol 1.1.29, and ``voice/remote_session.py``
of livekit-agents 1.8.9. This is the only module that loads livekit-protocol, when it is first
needed: that takes 50 ms.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import attrs

from session_fsm.channel.decoding.answers import answer
from session_fsm.channel.decoding.events import event
from session_fsm.channel.events import ChannelEvent, ItemAdded, UnknownEvent
from session_fsm.channel.items import UnknownItem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.message import Message
    from livekit.protocol.agent_pb import agent_session as pb

TOPIC: Final = "lk.agent.session"

REQUESTS: Final[Mapping[str, str]] = {
    "ping": "Ping",
    "get_chat_history": "GetChatHistory",
    "run_input": "RunInput",
    "get_agent_info": "GetAgentInfo",
    "get_session_state": "GetSessionState",
    "get_rtc_stats": "GetRTCStats",
    "get_session_usage": "GetSessionUsage",
    "get_framework_info": "GetFrameworkInfo",
    "update_io": "UpdateIO",
}
"""Field of a ``SessionRequest`` -> name of its message; that for simulators is left out."""


class GarbageError(ValueError):
    """What arrived is not a message of the session channel."""


@attrs.frozen
class Answer:
    """What the agent answers to a request.

    Attributes:
        request_id: That of the request; answers go to everybody in the room.
        value: What was asked for; None where it is missing, or not known here.
        error: What went wrong, as the agent puts it, or None.
    """

    request_id: str
    value: object
    error: str | None = None


def protocol() -> Any:
    """Return the module with the messages."""
    return import_module("livekit.protocol.agent_pb.agent_session")


def parse(data: bytes) -> Answer | ChannelEvent | None:
    """Return what the bytes say, or None where that is not for a front end.

    Raises:
        GarbageError: They say nothing, or more than is taken.
    """
    message: pb.AgentSessionMessage = protocol().AgentSessionMessage()
    try:
        message.ParseFromString(data)
        match message.WhichOneof("message"):
            case "event":
                return _named(message.event, event(message.event))
            case "response":
                wire = message.response
                error = wire.error if wire.HasField("error") else None
                return Answer(wire.request_id, answer(wire), error)
            case None:
                raise GarbageError("it is empty")
            case _:
                return None
    except (ValueError, _decode_error()) as error:
        raise GarbageError(f"{type(error).__name__}: {error}") from None


def _decode_error() -> type[Exception]:
    error: type[Exception] = import_module("google.protobuf.message").DecodeError
    return error


def _named(wire: pb.AgentSessionEvent, told: ChannelEvent) -> ChannelEvent:
    """Give what is unknown here the number of its field, which is all that there is of a name."""
    match told:
        case UnknownEvent("none"):
            return attrs.evolve(told, kind=_unknown(wire))
        case ItemAdded(UnknownItem("none")):
            return attrs.evolve(told, item=UnknownItem(_unknown(wire.conversation_item_added.item)))
        case _:
            return told


def _unknown(message: Message) -> str:
    fields: Any = import_module("google.protobuf.unknown_fields").UnknownFieldSet(message)
    return next((f"field-{one.field_number}" for one in fields), "none")


def request(request_id: str, kind: str, **fields: object) -> bytes:
    """Return the bytes of a request.

    Args:
        request_id: Comes back in the answer.
        kind: One of ``REQUESTS``.
        **fields: Of its message; a dict for a message in it.
    """
    wire = protocol()
    body = getattr(wire.SessionRequest, REQUESTS[kind])(**fields)
    asked = wire.SessionRequest(request_id=request_id, **{kind: body})
    data: bytes = wire.AgentSessionMessage(request=asked).SerializeToString()
    return data
