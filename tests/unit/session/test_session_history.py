"""A conversation that is kept from one day to the next."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from session_fsm import Session, TokenSource
from session_fsm.testing import ScriptedAgent


def make(history: Any = (), **options: Any) -> Session:
    return Session(TokenSource.loopback(ScriptedAgent(**options)), history=history)


async def conversation() -> list[dict[str, Any]]:
    async with make() as session:
        await session.start()
        await session.send("hello")
        await session.wait_until(lambda now: now.messages[-1].final and len(now.messages) == 2)
        return session.messages.export()


async def test_what_was_exported_is_shown_again_as_restored() -> None:
    exported = json.loads(json.dumps(await conversation()))
    session = make(exported)
    first, second = session.messages.value
    assert (first.text, first.sender, first.status) == ("hello", "user", "sent")
    assert (second.text, second.sender, second.kind) == (
        "echo: hello",
        "agent",
        "agent-transcript",
    )
    assert first.restored
    assert second.restored
    assert first.timestamp.isoformat() == exported[0]["timestamp"]


WHOLE = {
    "id": "%restored/guest/1",
    "kind": "chat",
    "text": "hello",
    "timestamp": "2026-01-01T12:00:00+00:00",
    "final": True,
    "sender": "guest",
    "status": None,
    "sender_name": "Gus",
    "interrupted": True,
    "expression": {"expression": "warmly", "mood": "calm"},
    "attachments": [
        {
            "id": "file",
            "name": "a.txt",
            "mime_type": "text/plain",
            "size": 3,
            "transferred": 2,
            "state": "broken-off",
        }
    ],
}


def test_nothing_of_a_message_is_lost_on_the_way() -> None:
    assert make([WHOLE]).messages.export() == [WHOLE]


@pytest.mark.parametrize("name", ["final", "status", "sender_name", "interrupted", "expression"])
def test_what_an_older_export_lacks_is_as_if_it_were_empty(name: str) -> None:
    (message,) = make([{key: value for key, value in WHOLE.items() if key != name}]).messages.value
    assert message.final
    assert getattr(message, name) in {None, "", False, True}


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("id", 1, "must be a str, not int"),
        ("name", 1, "must be a str, not int"),
        ("mime_type", 1, "must be a str, not int"),
        ("size", True, "must be an int, not bool"),
        ("transferred", "2", "must be an int, not str"),
        ("state", "lost", "cannot be 'lost'"),
    ],
)
def test_what_is_no_file_is_refused_with_its_place(name: str, value: object, says: str) -> None:
    file = {**WHOLE["attachments"][0], name: value}  # type: ignore[dict-item,index]
    with pytest.raises((TypeError, ValueError)) as caught:
        make([{**WHOLE, "attachments": [file]}])
    assert str(caught.value) == f"history[0]['attachments'][0][{name!r}] {says}."


async def test_restored_messages_stay_in_front_of_every_run() -> None:
    exported = await conversation()
    async with make(exported) as session:
        for _ in range(2):
            await session.start()
            await session.send("again")
            shown = [(one.text, one.restored) for one in session.messages.value[:3]]
            assert shown == [("hello", True), ("echo: hello", True), ("again", False)]
            await session.end()


async def test_what_is_exported_twice_is_the_same_and_ids_stay_apart() -> None:
    exported = await conversation()
    async with make(exported) as session:
        assert make(session.messages.export()).messages.value == session.messages.value
        await session.start()
        await session.send("again")
        await session.wait_until(lambda now: len(now.messages) == 4 and now.messages[-1].final)
        everything = session.messages.export()
    assert len({one["id"] for one in everything}) == 4
    assert len(make(everything).messages.value) == 4


def test_a_text_that_was_on_its_way_is_unconfirmed() -> None:
    entry = {
        "id": "user/1",
        "kind": "chat",
        "text": "hello",
        "timestamp": "2026-01-01T12:00:00+00:00",
        "sender": "user",
        "status": "sending",
    }
    (message,) = make([entry]).messages.value
    assert (message.status, message.final) == ("unconfirmed", True)
    assert not make([entry]).is_sending.value


GOOD = {
    "id": "a/1",
    "kind": "agent-transcript",
    "text": "",
    "timestamp": "2026-01-01T12:00:00",
    "sender": "agent",
    "expression": {"mood": "calm", "expression": None},
}


@pytest.mark.parametrize(
    ("history", "error", "says"),
    [
        ("text", TypeError, r"must be a list as session.messages.export\(\) returns it, not str"),
        ({}, TypeError, "not dict"),
        ([GOOD, 7], TypeError, r"history\[1\] must be a dict, not int"),
        ([{**GOOD, "id": ""}], ValueError, r"history\[0\]\['id'\] must not be empty"),
        ([{**GOOD, "kind": "song"}], ValueError, r"\['kind'\] cannot be 'song'"),
        ([{**GOOD, "text": None}], TypeError, r"\['text'\] must be a str, not NoneType"),
        ([{**GOOD, "timestamp": "noon"}], ValueError, r"\['timestamp'\] is no ISO 8601 time"),
        ([{**GOOD, "timestamp": "0001-01-01T00:00+09:00"}], ValueError, "is no ISO 8601 time"),
        ([{**GOOD, "status": "lost"}], ValueError, r"\['status'\] cannot be 'lost'"),
        ([{**GOOD, "interrupted": 1}], TypeError, r"\['interrupted'\] must be a bool"),
        ([{**GOOD, "expression": "calm"}], TypeError, r"\['expression'\] must be a dict"),
        ([{**GOOD, "attachments": 7}], TypeError, r"\['attachments'\] must be a list, not int"),
        ([{**GOOD, "attachments": [7]}], TypeError, r"\['attachments'\]\[0\] must be a dict"),
        (
            [{**GOOD, "attachments": [{"id": "1", "state": "complete", "size": "3"}]}],
            TypeError,
            r"history\[0\]\['attachments'\]\[0\]\['size'\] must be an int, not str",
        ),
        ([GOOD, GOOD], ValueError, r"history\[1\] has the id of history\[0\]"),
        ([{**GOOD, "kind": None}], TypeError, r"\['kind'\] must be a str, not NoneType"),
        ([{**GOOD, "attachments": [{"id": "1"}]}], TypeError, r"\['state'\] must be a str"),
        ([{}], TypeError, r"\['id'\] must be a str, not NoneType"),
    ],
)
def test_what_is_no_history_is_refused_with_its_place(
    history: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        make(history)


def test_a_good_entry() -> None:
    (message,) = make([GOOD]).messages.value
    assert message.expression is not None
    assert (message.expression.mood, message.expression.expression) == ("calm", None)
    assert message.timestamp.utcoffset() == timedelta(0)


async def test_files_are_listed_without_what_was_in_them(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("abc")
    async with make() as session:
        await session.start()
        await session.send("see", attachments=[path])
        exported = session.messages.export()
    exported[0]["attachments"].append({"id": "2", "name": "b", "state": "transferring"})
    first, second = make(json.loads(json.dumps(exported))).messages.value[0].attachments
    assert (first.name, first.size, first.state) == ("a.txt", 3, "complete")
    assert (second.name, second.state, second.transferred) == ("b", "broken-off", 0)


async def test_is_sending_while_any_text_is_on_its_way() -> None:
    async with make() as session:
        seen: list[bool] = []
        session.is_sending.subscribe(seen.append)
        starting = asyncio.create_task(session.start())
        await asyncio.sleep(0)
        texts = [asyncio.create_task(session.send(text)) for text in ("one", "two")]
        await asyncio.sleep(0)
        assert session.is_sending.value
        await asyncio.gather(*texts)
        assert not session.is_sending.value
        await starting
        assert seen == [False, True, False]
