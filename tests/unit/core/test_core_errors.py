"""The exceptions: their family, their kinds, and that they survive a journey."""

from __future__ import annotations

import copy
import pickle

import pytest

import session_fsm
from session_fsm import errors
from session_fsm.errors import KINDS, SessionError

FAMILY = {
    "TokenError": "SessionError",
    "ConnectError": "SessionError",
    "AgentError": "SessionError",
    "AgentTimeout": "AgentError",
    "AgentLeft": "AgentError",
    "StaleAgent": "AgentError",
    "MediaError": "SessionError",
    "EncryptionError": "SessionError",
    "SendError": "SessionError",
    "StreamError": "SessionError",
    "RecordingError": "SessionError",
    "RpcError": "SessionError",
    "UpdateError": "SessionError",
    "ChannelError": "SessionError",
    "SessionEnded": "SessionError",
    "SessionStateError": "SessionError",
}
CLASSES = {
    name: one
    for name, one in vars(errors).items()
    if isinstance(one, type) and issubclass(one, SessionError) and one is not SessionError
}


def test_the_family() -> None:
    assert {name: one.__base__.__name__ for name, one in CLASSES.items() if one.__base__} == FAMILY
    assert SessionError.__base__ is Exception


@pytest.mark.parametrize("name", FAMILY)
def test_every_error_can_be_imported_and_has_kinds(name: str) -> None:
    cls = getattr(session_fsm, name)
    assert cls is CLASSES[name]
    rows = [KINDS[base.__name__] for base in cls.__mro__ if base.__name__ in KINDS]
    assert len(rows) == 1
    assert all(rows[0].values())
    assert cls.__doc__


def test_the_table_names_no_other_class() -> None:
    assert set(KINDS) <= set(FAMILY)
    assert all(kind == kind.lower() and " " not in kind for row in KINDS.values() for kind in row)


@pytest.mark.parametrize("name", FAMILY)
def test_an_error_says_what_happened_and_survives_a_journey(name: str) -> None:
    error = CLASSES[name]("It's gone.", kind="left")
    assert str(error) == "It's gone."
    assert repr(error) == f"{name}(\"It's gone.\", kind='left')"
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301
        assert type(again) is type(error)
        assert (str(again), again.kind, again.args) == ("It's gone.", "left", ("It's gone.",))


def test_the_kind_must_be_named() -> None:
    with pytest.raises(TypeError):
        SessionError("It's gone.")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        SessionError("It's gone.", "left")  # type: ignore[call-arg,misc]
