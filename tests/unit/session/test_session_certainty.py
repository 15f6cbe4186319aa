"""A text that was on its way when the link was lost: sent, sent once more, or nobody can tell."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from reactivex.disposable import Disposable

from session_fsm import MessageStatus, SendError, Session, TokenSource
from session_fsm.events import FromRun, LinkLost, LinkRestored
from session_fsm.messages.certainty import Ledger, UserItem
from session_fsm.testing import ScriptedAgent


class Memory:
    """The history of an agent that writes down what it hears."""

    def __init__(self, agent: ScriptedAgent) -> None:
        self.agent = agent
        self.serves = True
        self.writes_down = True

    def follow(self, heard: Callable[[UserItem], None]) -> Disposable:
        """What is added is only found when it is asked for."""
        return Disposable()

    async def user_items(self) -> Sequence[UserItem] | None:
        if not self.serves or self.agent.network.is_silent:
            return None
        texts = self.agent.heard if self.writes_down else []
        return [UserItem(f"item-{place}", text) for place, text in enumerate(texts)]


class Call:
    """A session whose link dies unnoticed when the test says so."""

    def __init__(self) -> None:
        self.agent = ScriptedAgent(reply=lambda _: "yes", think_for=0)
        self.memory = Memory(self.agent)
        self.session = Session(TokenSource.loopback(self.agent), agent_return_timeout=None)
        self.session._memory = self.memory

    @property
    def statuses(self) -> list[MessageStatus | None]:
        return [one.status for one in self.session.messages.value if one.sender == "user"]

    def die(self) -> None:
        self.agent.network.is_silent = True

    async def outage(self) -> None:
        """The link is found dead after a while, and is made anew."""
        await asyncio.sleep(2)
        self.agent.network.drop()
        await asyncio.sleep(2)
        self.agent.network.restore()


async def test_it_is_sent_only_once_the_agent_has_proved_that_it_has_it() -> None:
    call = Call()
    async with call.session as session:
        await session.start()
        await session.send("before")
        call.agent.responsive = False
        sending = asyncio.create_task(session.send("hello"))
        await asyncio.sleep(5)
        assert call.agent.heard == ["before", "hello"]
        assert call.statuses == ["sent", "sending"]
        assert not session.agent.is_responsive.value
        call.agent.responsive = True
        await sending
        assert call.statuses == ["sent", "sent"]
        assert session.agent.is_responsive.value


async def test_the_next_text_waits_for_that_proof() -> None:
    call = Call()
    async with call.session as session:
        await session.start()
        await session.send("before")
        call.agent.responsive = False
        sending = [asyncio.create_task(session.send(text)) for text in ("one", "two")]
        await asyncio.sleep(5)
        assert call.agent.heard == ["before", "one"]
        call.agent.responsive = True
        await asyncio.gather(*sending)
        assert call.agent.heard == ["before", "one", "two"]


async def test_what_the_agent_did_not_get_is_sent_once_more() -> None:
    call = Call()
    async with call.session as session:
        await session.start()
        await session.send("before")
        call.die()
        sending = [asyncio.create_task(session.send(text)) for text in ("one", "two", "three")]
        await call.outage()
        await asyncio.gather(*sending)
        assert call.agent.heard == ["before", "one", "two", "three"]
        assert call.statuses == ["sent"] * 4


async def test_what_the_agent_got_is_not_sent_again() -> None:
    call = Call()
    async with call.session as session:
        await session.start()
        await session.send("before")
        call.agent.responsive = False
        sending = asyncio.create_task(session.send("one"))
        await asyncio.sleep(0.1)
        call.agent.responsive = True
        call.die()
        await call.outage()
        await sending
        assert call.agent.heard == ["before", "one"]
        assert call.statuses == ["sent", "sent"]


@pytest.mark.parametrize("why", ["does not serve", "writes nothing down", "first text", "another"])
async def test_where_nobody_can_tell_it_is_unconfirmed_and_not_sent_again(why: str) -> None:
    call = Call()
    async with call.session as session:
        await session.start()
        if why != "first text":
            await session.send("before")
        call.memory.serves = why != "does not serve"
        call.memory.writes_down = why != "writes nothing down"
        before = list(call.agent.heard)
        call.die()
        sending = asyncio.create_task(session.send("one"))
        await asyncio.sleep(0.1)
        if why == "another":
            call.agent.crash()
            call.agent.come_back()
        await call.outage()
        with pytest.raises(SendError, match="nobody can tell") as caught:
            await sending
        assert caught.value.kind == "unconfirmed"
        assert call.statuses[-1] == "unconfirmed"
        await session.send("two")
        assert call.agent.heard == [*before, "two"]


async def test_a_link_that_is_resumed_has_lost_nothing() -> None:
    call = Call()
    call.memory.serves = False
    async with call.session as session:
        await session.start()
        await session.send("before")
        call.agent.responsive = False
        sending = asyncio.create_task(session.send("one"))
        await asyncio.sleep(0.1)
        session._mailbox.post(FromRun(1, LinkLost()))
        await asyncio.sleep(30)
        assert call.statuses == ["sent", "sending"]
        call.agent.responsive = True
        session._mailbox.post(FromRun(1, LinkRestored(session.snapshot.roster, resumed=True)))
        await sending
        assert call.agent.heard == ["before", "one"]


async def test_no_answer_for_long_on_a_link_that_seems_up_is_unconfirmed() -> None:
    call = Call()
    async with call.session as session:
        await session.start()
        await session.send("before")
        began = asyncio.get_running_loop().time()
        call.agent.responsive = False
        sending = [asyncio.create_task(session.send(text)) for text in ("one", "two")]
        with pytest.raises(SendError, match="did not answer for 20 seconds") as caught:
            await sending[0]
        assert caught.value.kind == "unconfirmed"
        assert asyncio.get_running_loop().time() - began < 25
        with pytest.raises(SendError, match="it was not sent") as caught:
            await sending[1]
        assert caught.value.kind == "unanswered"
        assert call.statuses == ["sent", "unconfirmed", "failed"]
        assert call.agent.heard == ["before", "one"]


async def test_the_end_of_the_session_leaves_what_was_on_its_way_unconfirmed() -> None:
    call = Call()
    async with call.session as session:
        await session.start()
        await session.send("before")
        call.die()
        sending = [asyncio.create_task(session.send(text)) for text in ("one", "two")]
        await asyncio.sleep(1)
        await session.end()
        kinds = []
        for task in sending:
            with pytest.raises(SendError) as caught:
                await task
            kinds.append(caught.value.kind)
        assert kinds == ["unconfirmed", "run-ended"]
        assert call.statuses == ["sent", "unconfirmed", "failed"]


async def test_the_same_words_again_are_another_text() -> None:
    """The first was given up on, and showed in the history later: the second must be sent."""
    call = Call()
    async with call.session as session:
        await session.start()
        await session.send("before")
        call.agent.responsive = False
        with pytest.raises(SendError):
            await session.send("yes")
        call.agent.responsive = True
        session._mailbox.run.outbox._shown(UserItem("late", "yes"))  # type: ignore[union-attr]
        await session.send("yes")
        assert call.agent.heard == ["before", "yes", "yes"]
        assert call.statuses == ["sent", "unconfirmed", "sent"]


async def test_what_was_given_up_on_is_not_taken_for_the_same_words_again() -> None:
    call = Call()
    async with call.session as session:
        await session.start()
        await session.send("before")
        call.agent.responsive = False
        with pytest.raises(SendError):
            await session.send("yes")
        call.agent.responsive = True
        await asyncio.sleep(5)  # the agent is found to answer again
        call.die()
        sending = asyncio.create_task(session.send("yes"))
        await call.outage()
        with pytest.raises(SendError, match="nobody can tell"):
            await sending
        assert call.agent.heard == ["before", "yes"]
        assert call.statuses == ["sent", "unconfirmed", "unconfirmed"]


async def test_an_outage_within_the_outage() -> None:
    call = Call()
    async with call.session as session:
        await session.start()
        await session.send("before")
        call.die()
        sending = asyncio.create_task(session.send("one"))
        await asyncio.sleep(1)
        for _ in range(3):
            call.agent.network.drop()
            await asyncio.sleep(1)
            call.agent.network.restore()
            await asyncio.sleep(3.6)  # the agent has heard of us, and is being asked
        await sending
        assert call.agent.heard == ["before", "one"]


async def test_cancelled_on_its_way_it_is_what_it_is() -> None:
    call = Call()
    async with call.session as session:
        await session.start()
        await session.send("before")
        call.agent.responsive = False
        sending = asyncio.create_task(session.send("one"))
        await asyncio.sleep(1)
        sending.cancel()
        await asyncio.wait({sending})
        assert sending.cancelled()
        assert call.statuses == ["sent", "sending"]
        call.agent.responsive = True
        await session.send("two")
        assert call.statuses == ["sent", "sent", "sent"]


async def test_cancelled_on_its_way_it_is_not_sent_once_more() -> None:
    call = Call()
    async with call.session as session:
        await session.start()
        await session.send("before")
        call.die()
        sending = asyncio.create_task(session.send("one"))
        await asyncio.sleep(1)
        sending.cancel()
        await call.outage()
        await session.send("two")
        assert call.agent.heard == ["before", "two"]
        assert call.statuses == ["sent", "failed", "sent"]


# The ledger ---------------------------------------------------------------------------------------


class History:
    """What an agent answers."""

    def __init__(self, *texts: str) -> None:
        self.items = [UserItem(f"{place}", text) for place, text in enumerate(texts)]
        self.asked = 0

    def follow(self, heard: Callable[[UserItem], None]) -> Disposable:
        return Disposable()

    async def user_items(self) -> Sequence[UserItem] | None:
        self.asked += 1
        return self.items


def ledger(*got: str, shown: Sequence[str] = ()) -> Ledger:
    made = Ledger("agent")
    for text in got:
        made.leaves(text, text)
        made.got()
    for place, text in enumerate(shown):
        made.shown(UserItem(f"{place}", text))
    return made


@pytest.mark.parametrize(
    ("got", "shown", "history", "heard"),
    [
        (["a"], ["a"], ["a", "b"], True),
        (["a"], ["a"], ["a"], False),
        (["a"], [], ["a", "b"], True),
        (["a"], [], ["a"], False),
        ([], [], [], None),
        ([], [], ["b"], True),
        (["a"], [], [], None),
        (["b"], ["b"], ["b"], False),
        (["b"], ["b"], ["b", "b"], True),
        (["a", "b"], ["a"], ["a", "b"], None),
        (["a", "b"], ["a"], ["a", "b", "b"], True),
        (["a"], ["a"], ["a", "  b\n"], True),
        (["a"], ["a"], ["a", "spoken in between"], False),
    ],
)
async def test_what_a_history_says_of_the_text_b(
    got: list[str], shown: list[str], history: list[str], *, heard: bool | None
) -> None:
    made = ledger(*got, shown=shown)
    assert not made.leaves("2", "b")
    assert await made.has_heard(History(*history)) is heard


async def test_an_event_that_came_before_the_link_was_lost_says_it_as_well() -> None:
    made = ledger("a", shown=["a"])
    made.leaves("2", "b")
    made.shown(UserItem("1", "b"))
    assert await made.has_heard(History("a", "b")) is True


async def test_a_text_that_has_shown_is_not_waited_for_any_more() -> None:
    made = ledger("a", shown=["a"])
    made.leaves("2", "b")
    made.shown(UserItem("1", "b"))
    made.got()
    made.leaves("3", "b")
    assert await made.has_heard(History("a", "b")) is False
    made.shown(UserItem("2", "b"))
    assert await made.has_heard(History("a", "b")) is True


async def test_a_history_is_given_time_before_it_counts_as_a_no() -> None:
    history = History("a")
    made = ledger("a")
    made.leaves("2", "b")
    asking = asyncio.create_task(made.has_heard(history))
    await asyncio.sleep(1.2)
    history.items.append(UserItem("new", "b"))
    assert await asking is True


async def test_what_shows_after_the_no_is_not_sent_once_more() -> None:
    made = ledger("a", shown=["a"])
    made.leaves("2", "b")
    assert await made.has_heard(History("a")) is False
    made.shown(UserItem("late", "b"))
    assert made.leaves("2", "b")
