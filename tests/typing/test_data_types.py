"""What a type checker makes of calls and shared state."""

from collections.abc import Mapping
from typing import assert_type

from session_fsm import RemoteDataTrack, RpcCall, Session, TokenSource
from stores import Store


def test_attributes_are_stores_of_what_parse_returns() -> None:
    session = Session(TokenSource.loopback())
    agent = session.agent
    assert_type(agent.attribute("a"), Store[str | None])
    assert_type(agent.attribute("a", default=5), Store[str | int])
    assert_type(agent.attribute("a", int), Store[int | None])
    assert_type(agent.attribute("a", int, 0), Store[int])
    assert_type(session.local.attributes, Store[Mapping[str, str]])
    assert_type(session.data_tracks, Store[tuple[RemoteDataTrack, ...]])


def test_a_handler_keeps_its_type() -> None:
    session = Session(TokenSource.loopback())

    @session.rpc("length")
    def length(call: RpcCall) -> str:
        return str(len(call.payload))

    assert_type(length(RpcCall("length", "four", "agent", 1.0)), str)
