"""The port itself, without a session: which facts a transport tells, and in which order."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

from contract.calls import until
from contract.sides import Side
from session_fsm import ConnectError, ConnectionDetails
from session_fsm.events import (
    Fact,
    LinkGone,
    ParticipantJoined,
    ParticipantLeft,
    RoomJoined,
    TextChunk,
    TextClosed,
    TextOpened,
    TrackChanged,
)
from session_fsm.transports.base import Link, for_url

CHAT = "lk.chat"
F = TypeVar("F", bound=Fact)


@asynccontextmanager
async def linked(details: ConnectionDetails) -> AsyncIterator[tuple[Link, list[Fact]]]:
    facts: list[Fact] = []
    link = for_url(details.server_url).open(details, facts.append)
    try:
        async with asyncio.timeout(60):
            await link.connect()
            yield link, facts
    finally:
        await link.close()


def of(kind: type[F], facts: list[Fact]) -> list[F]:
    return [fact for fact in facts if isinstance(fact, kind)]


async def ready(facts: list[Fact]) -> None:
    """The agent is there and takes text."""
    await until(lambda: of(TrackChanged, facts), 20)


def opened_and_closed(facts: list[Fact]) -> bool:
    """Every text that was opened is closed once, after it was opened, and says nothing later."""
    opened = Counter(one.stream_id for one in of(TextOpened, facts))
    closed = Counter(one.stream_id for one in of(TextClosed, facts))
    for stream_id in opened | closed:
        its = [type(fact) for fact in facts if getattr(fact, "stream_id", None) == stream_id]
        if its[0] is not TextOpened or TextOpened in its[1:]:
            return False
        if its[-1] is not TextClosed or TextClosed in its[:-1]:
            return False
    return opened == closed and set(opened.values()) <= {1}


async def test_the_room_is_joined_before_anything_else(side: Side) -> None:
    details = await side.details(side.fresh_room())
    async with linked(details) as (link, facts):
        assert isinstance(facts[0], RoomJoined)
        assert facts[0].room_name == details.room_name
        assert facts[0].local_identity == "user"
        assert facts[0].roster == ()
        assert (link.room is not None) is side.has_room
        await ready(facts)
        assert len(of(RoomJoined, facts)) == 1


async def test_who_joins_later_comes_with_all_attributes(side: Side) -> None:
    async with linked(await side.details(side.fresh_room())) as (_, facts):
        await ready(facts)
        (joined,) = of(ParticipantJoined, facts)
        assert joined.participant.attributes["lk.agent.name"] == side.agent_name
        assert not joined.participant.was_there


async def test_who_is_there_already_is_in_the_roster_with_all_attributes(side: Side) -> None:
    room = side.fresh_room()
    async with linked(await side.details(room)) as (_, first):
        await ready(first)
        agent = of(ParticipantJoined, first)[0].participant.identity
        async with linked(await side.details(room, "second")) as (_, facts):
            joined = facts[0]
            assert isinstance(joined, RoomJoined)
            there, user = sorted(joined.roster, key=lambda one: not one.is_agent)
            assert there.identity == agent
            assert there.was_there
            assert (user.identity, user.is_agent, user.was_there) == ("user", False, True)
            assert there.attributes["lk.agent.name"] == side.agent_name
            assert there.attributes["lk.agent.state"] == "listening"
            await asyncio.sleep(0.3)
            assert not of(ParticipantJoined, facts), "neither it, nor the other user"


async def test_other_users_are_told_and_are_no_agents(side: Side) -> None:
    room = side.fresh_room()
    async with linked(await side.details(room)) as (_, facts):
        await ready(facts)

        def second() -> list[ParticipantJoined]:
            told = of(ParticipantJoined, facts)
            return [one for one in told if one.participant.identity == "second"]

        async with linked(await side.details(room, "second")):
            await until(second)
            (joined,) = second()
            assert not joined.participant.is_agent
            assert not joined.participant.was_there
        await until(lambda: ParticipantLeft("second", on_purpose=True) in facts)


async def test_a_reply_is_a_text_that_is_opened_and_closed_once(side: Side) -> None:
    async with linked(await side.details(side.fresh_room())) as (link, facts):
        await ready(facts)
        await link.send_text("one two three", CHAT)
        await until(lambda: of(TextClosed, facts))
        (opened,) = of(TextOpened, facts)
        (closed,) = of(TextClosed, facts)
        assert opened.topic == "lk.transcription"
        assert opened.attributes["lk.transcription_final"] == "false", "the header's own"
        assert opened.timestamp.utcoffset() is not None
        assert closed.attributes["lk.transcription_final"] == "true", "the trailer's"
        assert not closed.broken
        said = "".join(one.text for one in of(TextChunk, facts))
        assert said.strip() == "echo: one two three"
        assert opened_and_closed(facts)


async def test_a_close_in_the_middle_of_a_reply_ends_it(side: Side) -> None:
    async with linked(await side.details(side.fresh_room())) as (link, facts):
        await ready(facts)
        await link.send_text("!long", CHAT)
        await until(lambda: len(of(TextChunk, facts)) > 2)
        before = len(facts)
        await link.close()
        assert opened_and_closed(facts)
        assert of(TextClosed, facts)[-1].broken
        await asyncio.sleep(0.5)
        late = facts[before:]
        assert {type(fact) for fact in late} == {TextClosed}, "nothing else comes after a close"
        assert link.room is None


async def test_an_agent_that_is_gone_leaves_no_text_open(side: Side) -> None:
    room = side.fresh_room()
    async with linked(await side.details(room)) as (link, facts):
        await ready(facts)
        await link.send_text("!long", CHAT)
        await until(lambda: len(of(TextChunk, facts)) > 2)
        await side.throw_agent_out(room, of(ParticipantJoined, facts)[0].participant.identity)
        await until(lambda: of(ParticipantLeft, facts))
        await until(lambda: of(TextClosed, facts))
        assert opened_and_closed(facts)


async def test_a_link_that_is_gone_is_the_end(side: Side) -> None:
    room = side.fresh_room()
    async with linked(await side.details(room)) as (link, facts):
        await ready(facts)
        await link.send_text("!long", CHAT)
        await until(lambda: len(of(TextChunk, facts)) > 2)
        await side.delete_room(room)
        await until(lambda: of(LinkGone, facts))
        assert [one.kind for one in of(LinkGone, facts)] == ["room-deleted"]
        await until(lambda: opened_and_closed(facts))
        place = next(n for n, fact in enumerate(facts) if isinstance(fact, LinkGone))
        assert {type(fact) for fact in facts[place + 1 :]} <= {TextChunk, TextClosed}
    assert len(of(LinkGone, facts)) == 1


async def test_the_probe_tells_the_living_from_the_absent(side: Side) -> None:
    async with linked(await side.details(side.fresh_room())) as (link, facts):
        await ready(facts)
        agent = of(ParticipantJoined, facts)[0].participant.identity
        assert await link.probe(agent, 3.0)
        assert not await link.probe("nobody", 1.0)


async def test_a_link_that_was_never_connected_can_be_closed(side: Side) -> None:
    facts: list[Fact] = []
    details = await side.details(side.fresh_room())
    link = for_url(details.server_url).open(details, facts.append)
    assert link.room is None
    await link.close()
    await link.close()
    assert facts == []


@pytest.mark.parametrize("after", [0.0, 0.01, 0.03, 0.1])
async def test_a_close_while_joining_leaves_nobody(side: Side, after: float) -> None:
    room = side.fresh_room()
    side.rooms.append(room)
    facts: list[Fact] = []
    details = await side.details(room)
    link = for_url(details.server_url).open(details, facts.append)
    joining = asyncio.create_task(link.connect())
    await asyncio.sleep(after)
    joining.cancel()
    async with asyncio.timeout(30):
        await asyncio.wait({joining})
        told = len(facts)
        await link.close()
    assert facts[told:] == []
    await side.nobody_left()


async def test_nobody_is_at_the_url(side: Side) -> None:
    details = ConnectionDetails(
        "ws://127.0.0.1:9" if side.has_room else "loopback://nobody",
        (await side.details(side.fresh_room())).participant_token,
    )
    with pytest.raises(ConnectError) as caught:
        async with linked(details):
            pass
    assert caught.value.kind == "unreachable"
