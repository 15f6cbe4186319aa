from __future__ import annotations

import io
import logging
import traceback
from typing import Any

import pytest

from session_fsm.redact import RedactedError, SecretFilter, public_url, redact, redacted_cause
from unit.tokens.doubles import make_token

TOKEN = make_token(exp=1, video={"room": "r"})


class TestRedact:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("plain text, 1.2.3 and eyJust", None),
            (f"a {TOKEN} b", "a «redacted» b"),
            (f"'{TOKEN}'.", "'«redacted»'."),
            (f"{TOKEN}{TOKEN}", "«redacted»"),
            (TOKEN.rpartition(".")[0], "«redacted»"),
            ("wss://a.test/?access_token=abc&v=1", "wss://a.test/?access_token=«redacted»&v=1"),
            ("ACCESS_TOKEN=abc def", "ACCESS_TOKEN=«redacted» def"),
            ("participant_token='abc'", "participant_token='«redacted»'"),
            ('{"participant_token": "abc", "b": 1}', '{"participant_token": "«redacted»", "b": 1}'),
            ("{'participantToken': 'abc'}", "{'participantToken': '«redacted»'}"),
            (r'"{\"accessToken\":\"abc\"}"', r'"{\"accessToken\":\"«redacted»\"}"'),
            ("no participant_token: give one", None),
            ("Authorization: Bearer abc\nX: y", "Authorization: «redacted»\nX: y"),
            ("authorization=abc", "authorization=«redacted»"),
            ("{'Authorization': 'Bearer a b', 'X': 1}", "{'Authorization': '«redacted»', 'X': 1}"),
            ("('Authorization', 'Bearer a')", "('Authorization', '«redacted»')"),
            ("wss://me:pass@a.test/x", "wss://«redacted»@a.test/x"),
            ("mail me@a.test", None),
            ("http://a.test/@me and /x@y", None),
        ],
    )  # fmt: skip
    def test_hides_secrets_and_nothing_else(self, text: str, shown: str | None) -> None:
        assert redact(text) == (text if shown is None else shown)

    def test_hides_what_it_is_told(self) -> None:
        assert redact("key abc, abcdef", hide=["abc", "abcdef", ""]) == "key «redacted», «redacted»"

    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("wss://a.test:7880/x", "wss://a.test:7880/x"),
            ("https://u:p@a.test/?k=v#f", "https://a.test/?«redacted»"),
            (f"https://a.test/{TOKEN}", "https://a.test/«redacted»"),
            ("http://[", "«redacted»"),
            ("a.test", "a.test"),
        ],
    )
    def test_public_url(self, url: str, shown: str) -> None:
        assert public_url(url) == shown


def printed(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def caught(error: BaseException, context: BaseException | None = None) -> BaseException:
    """Return the error as one that was really raised, while another was handled."""
    try:
        if context is None:
            raise error
        try:
            raise context
        except type(context):
            raise error  # noqa: B904 - a context is wanted
    except type(error) as raised:
        return raised


class TestRedactedCause:
    def test_a_clean_one_stays_itself(self) -> None:
        error = caught(KeyError("x"), ValueError("y"))
        assert redacted_cause(error) is error

    def test_the_text_is_redacted_and_the_type_is_told(self) -> None:
        cause = redacted_cause(caught(OSError(f"401: {TOKEN}")))
        assert isinstance(cause, RedactedError)
        assert str(cause) == "OSError: 401: «redacted»"
        assert cause.__traceback__ is None
        assert cause.args == ("OSError: 401: «redacted»",)

    def test_one_that_is_no_exception_gets_a_stand_in(self) -> None:
        assert str(redacted_cause(SystemExit("bye"))) == "SystemExit: bye"

    def test_what_it_is_told_is_hidden(self) -> None:
        assert str(redacted_cause(OSError("abc"), hide=["abc"])) == "OSError: «redacted»"

    @pytest.mark.parametrize("how", ["cause", "context", "note", "repr", "group", "suppressed"])
    def test_a_secret_anywhere_is_found(self, how: str) -> None:
        error: Exception = ValueError("outer")
        if how == "cause":
            error.__cause__ = KeyError(TOKEN)
        elif how == "context":
            caught(error, KeyError(TOKEN))
        elif how == "suppressed":
            caught(error, KeyError(TOKEN))
            error.__suppress_context__ = True
        elif how == "note":
            error.add_note(f"for {TOKEN}")
        elif how == "repr":
            error = ReprOnlyError()
        else:
            error = ExceptionGroup("outer", [KeyError("a"), KeyError(TOKEN)])
        cause = redacted_cause(error)
        assert cause is not error
        shown = printed(cause) + repr(cause) + repr(cause.__context__) + repr(cause.__cause__)
        assert TOKEN not in shown
        assert ("«redacted»" in shown) is (how not in {"repr", "suppressed"})

    def test_the_chain_keeps_its_shape(self) -> None:
        error = caught(ValueError(TOKEN), caught(KeyError("inner"), OSError("first")))
        error.__cause__ = RuntimeError("cause")
        text = printed(redacted_cause(error))
        assert "direct cause" in text
        assert "RuntimeError: cause" in text
        assert "ValueError: «redacted»" in text
        error.__cause__, error.__suppress_context__ = None, False
        text = printed(redacted_cause(error))
        assert text.count("During handling") == 2
        assert "OSError: first" in text

    def test_groups_stay_groups(self) -> None:
        group = BaseExceptionGroup("many", [KeyError(TOKEN), KeyboardInterrupt("x")])
        cause = redacted_cause(group)
        assert isinstance(cause, ExceptionGroup)
        assert [str(part) for part in cause.exceptions] == [
            "KeyError: '«redacted»'",
            "KeyboardInterrupt: x",
        ]

    def test_a_circle_ends(self) -> None:
        one, two = ValueError(TOKEN), KeyError("two")
        one.__cause__, two.__cause__ = two, one
        cause = redacted_cause(one)
        assert cause.__cause__ is not None
        assert cause.__cause__.__cause__ is cause
        assert TOKEN not in printed(cause)

    def test_notes_are_kept(self) -> None:
        error = ValueError(TOKEN)
        error.add_note("try again")
        assert redacted_cause(error).__notes__ == ["try again"]

    def test_one_that_cannot_be_shown(self) -> None:
        error = UnshowableError()
        assert redacted_cause(error) is error
        error.__cause__ = KeyError(TOKEN)
        assert str(redacted_cause(error)) == "UnshowableError: <its text cannot be shown>"


class ReprOnlyError(Exception):
    def __repr__(self) -> str:
        return f"ReprOnlyError(headers={{'X': {TOKEN!r}}})"


class UnshowableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError

    def __repr__(self) -> str:
        raise RuntimeError


@pytest.fixture
def log() -> tuple[logging.Logger, io.StringIO, list[logging.LogRecord]]:
    logger = logging.Logger("native")  # noqa: LOG001 - one that nobody shares
    stream = io.StringIO()
    records: list[logging.LogRecord] = []
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    logger.addFilter(SecretFilter())
    logger.addFilter(lambda record: records.append(record) or True)
    return logger, stream, records


class TestSecretFilter:
    def test_redacts_the_message_and_its_arguments(self, log: Any) -> None:
        logger, stream, records = log
        logger.warning("failed: %s after %d s", f"wss://a?access_token={TOKEN}", 3)
        assert stream.getvalue() == "failed: wss://a?access_token=«redacted» after 3 s\n"
        assert TOKEN not in repr(vars(records[0]))

    def test_redacts_arguments_that_the_message_does_not_show(self, log: Any) -> None:
        logger, stream, records = log
        logger.warning("for %(user)s", {"user": "me", "token": TOKEN})
        assert stream.getvalue() == "for me\n"
        assert TOKEN not in repr(vars(records[0]))

    def test_redacts_the_exception_and_what_was_formatted_of_it(self, log: Any) -> None:
        logger, stream, records = log
        logger.error("failed", exc_info=caught(OSError(f"401 {TOKEN}")))
        assert "OSError: 401 «redacted»" in stream.getvalue()
        assert TOKEN not in stream.getvalue() + repr(vars(records[0]))

    def test_redacts_what_another_handler_has_formatted(self) -> None:
        record = logging.LogRecord("n", 30, "p", 1, "m", (), None)
        record.exc_text, record.stack_info = f"OSError: {TOKEN}", f"Stack: {TOKEN}"
        assert SecretFilter().filter(record) is True
        assert (record.exc_text, record.stack_info) == ("OSError: «redacted»", "Stack: «redacted»")

    def test_forgets_the_text_of_an_exception_that_held_a_secret(self) -> None:
        error = OSError(TOKEN)
        record = logging.LogRecord("n", 30, "p", 1, "m", (), (OSError, error, None))
        record.exc_text = f"OSError: {TOKEN}"
        assert SecretFilter().filter(record)
        assert record.exc_text is None
        assert record.exc_info is not None
        assert record.exc_info[0] is RedactedError

    def test_leaves_a_record_without_secrets_as_it_is(self, log: Any) -> None:
        logger, stream, records = log
        error = caught(KeyError("x"))
        logger.warning("%s of %d", "one", 2, exc_info=error)
        assert records[0].exc_info[1] is error
        assert (records[0].msg, records[0].args) == ("%s of %d", ("one", 2))
        assert "Traceback" in stream.getvalue()

    def test_no_exception_at_all(self, log: Any) -> None:
        logger, stream, _records = log
        logger.warning("fine", exc_info=(None, None, None))
        assert stream.getvalue().startswith("fine\n")
