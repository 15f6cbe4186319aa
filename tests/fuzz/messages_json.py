"""JSON of ``lk.expression`` and of a history, guided by coverage: understood, or refused clearly.

Run: PYTHONPATH=. python tests/fuzz/messages_json.py -max_total_time=300 -max_len=4096
"""

import contextlib
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["session_fsm"]):
    from session_fsm.messages.expression import EXPRESSION, MOST, expression_of
    from session_fsm.messages.history import exported, restored

ENTRY = {
    "id": "bot/1",
    "kind": "agent-transcript",
    "text": "hello",
    "timestamp": "2026-01-01T12:00:00+00:00",
    "final": True,
    "sender": "agent",
    "status": None,
    "sender_name": "",
    "interrupted": True,
    "expression": {"expression": "speak warmly", "mood": "happy"},
}
SEEDS = (
    ENTRY["expression"],
    [ENTRY],
    [ENTRY, {**ENTRY, "id": "user/1", "kind": "chat", "status": "sending", "expression": None}],
)


def one(data: bytes) -> None:
    text = data.decode(errors="surrogateescape")
    expression(text)
    with contextlib.suppress(ValueError, RecursionError):
        history(json.loads(text))
    spoiled = [spoil(atheris.FuzzedDataProvider(data))]
    expression(json.dumps(spoiled[0].get("expression")))
    history(spoiled)


def spoil(data: atheris.FuzzedDataProvider) -> dict[str, object]:
    """Return a good entry in which some fields are not."""
    entry: dict[str, object] = {**ENTRY}
    for name in entry:
        if data.ConsumeBool():
            entry[name] = value(data)
    return entry


def value(data: atheris.FuzzedDataProvider) -> object:
    words = data.ConsumeUnicode(data.ConsumeIntInRange(0, 40))
    inner = {"expression": words, "mood": data.ConsumeUnicode(9)}
    known = data.PickValueInList(["chat", "sending", "sent", "2026-01-01", "user-transcript"])
    of_each_type = [None, True, data.ConsumeInt(8), words, words, known, known, [words], inner]
    return data.PickValueInList(of_each_type)


def expression(text: str) -> None:
    found = expression_of({EXPRESSION: text})
    if found is not None:
        for said in (found.expression, found.mood):
            assert said is None or 0 < len(said.encode().decode()) <= MOST


def history(document: object) -> None:
    said = "history"
    messages = []
    try:
        messages = restored(document)
    except (TypeError, ValueError) as error:
        said = str(error)
    assert said.startswith("history")
    again = restored(json.loads(json.dumps(exported(messages))))
    assert again == messages


if __name__ == "__main__":
    with TemporaryDirectory() as corpus:
        for number, seed in enumerate(SEEDS):
            (Path(corpus) / str(number)).write_text(json.dumps(seed))
        given = sys.argv[1:]
        folders = [] if any(Path(name).is_file() for name in given) else [corpus]
        atheris.Setup([sys.argv[0], *given, *folders], one)
        atheris.Fuzz()
