"""Bytes of the session channel, guided by coverage: `parse` returns, or says that it is garbage.

Run: PYTHONPATH=. python tests/fuzz/channel_wire.py -max_total_time=300 -max_len=4096
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["session_fsm"]):
    import attrs

    from session_fsm.channel import wire
    from session_fsm.channel.tools import ToolCalls

from livekit.protocol.agent_pb import agent_session as pb


def one(data: bytes) -> None:
    try:
        told = wire.parse(data)
    except wire.GarbageError:
        return
    if told is None or isinstance(told, wire.Answer):
        return
    ToolCalls().fold(told)
    json.dumps(attrs.asdict(told), default=str, allow_nan=False)


def seeds() -> list[bytes]:
    """One message of each kind, so that the fuzzer need not find out what they look like."""
    found: list[bytes] = []
    for name in ("event", "response"):
        of = pb.AgentSessionMessage.DESCRIPTOR.fields_by_name[name].message_type
        for field in of.fields:
            if field.message_type is not None:
                inner = of._concrete_class()
                getattr(inner, field.name).SetInParent()
                found.append(pb.AgentSessionMessage(**{name: inner}).SerializeToString())
    words = pb.ChatMessage(id="i", role=3, content=[pb.ChatMessage.ChatContent(text="hi")])
    item = pb.ChatContext.ChatItem(message=words)
    added = pb.AgentSessionEvent.ConversationItemAdded(item=item)
    event = pb.AgentSessionEvent(conversation_item_added=added)
    return [*found, pb.AgentSessionMessage(event=event).SerializeToString()]


if __name__ == "__main__":
    with TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds()):
            (Path(corpus) / str(number)).write_bytes(seed)
        given = sys.argv[1:]
        folders = [] if any(Path(one).is_file() for one in given) else [corpus]
        atheris.Setup([sys.argv[0], *given, *folders], one)
        atheris.Fuzz()
