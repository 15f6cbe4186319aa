"""Keeps secrets out of errors, logs and chained causes.

A secret is recognised by its shape. What has none (an API key in a header) is named by whoever
knows it, with ``hide``. Two facts make this needed: the server's 401 quotes the whole token, and
``livekit.rtc.ConnectError`` and the native ``livekit`` logger carry that answer on.
"""

from __future__ import annotations

import logging
import re
import traceback
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HIDDEN: Final = "«redacted»"
"""What stands where a secret was."""

_RULES: Final = (
    # a JWT, also one that was cut off after its second part: base64url of '{"' is eyJ
    (re.compile(r"eyJ[\w-]*\.[\w-]+(?:\.[\w-]+)*", re.ASCII), HIDDEN),
    # the query of the signalling URL: access_token=...
    (
        re.compile(r"((?:access|participant)_?token=[\"']?)[^&\s\"'<>#]+", re.IGNORECASE),
        rf"\1{HIDDEN}",
    ),
    # the answer of a token endpoint, whatever its token looks like
    (
        re.compile(
            r"((?:access|participant)_?token\\?[\"']\s*:\s*\\?[\"'])[^\"'\\]+", re.IGNORECASE
        ),
        rf"\1{HIDDEN}",
    ),
    # Authorization: a quoted value ends at its quote, a bare one at the end of its line
    (
        re.compile(
            r"(authorization\\?[\"']?\s*[:=,]\s*\\?)(?:\"[^\"\r\n]*\"|'[^'\r\n]*')", re.IGNORECASE
        ),
        rf"\1'{HIDDEN}'",
    ),
    (re.compile(r"(authorization\s*[:=]\s*)[^\s\"'][^\r\n\"']*", re.IGNORECASE), rf"\1{HIDDEN}"),
    # user:password@ in a URL
    (re.compile(r"(\w://)[^/?#\s@\"']+@"), rf"\1{HIDDEN}@"),
)


def redact(text: str, *, hide: Iterable[str] = ()) -> str:
    """Return the text without secrets; what is no secret stays readable.

    Args:
        text: Any text, e.g. the message of an exception.
        hide: Secrets that have no shape of their own, e.g. the values of headers.

    Returns:
        The text with ``«redacted»`` for each JWT, each ``access_token=`` value, each value of an
        Authorization header, the user part of URLs, and each text in ``hide``.
    """
    for secret in sorted(filter(None, hide), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def public_url(url: str) -> str:
    """Return the URL as errors and reprs may show it: without user, query values and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    host = parts.netloc.rpartition("@")[2]
    query = HIDDEN if parts.query else ""
    return redact(urlunsplit((parts.scheme, host, parts.path, query, "")))


class RedactedError(Exception):
    """Stands where an exception was whose text, or whose own cause, held a secret.

    Its text is the type and the redacted message of the original. It has no traceback: the source
    lines and the locals that come with one can hold the secret again.
    """


def redacted_cause(error: BaseException, *, hide: Iterable[str] = ()) -> Exception:
    """Return what may be chained in the place of ``error``.

    ``raise X(...) from redacted_cause(error)`` prints no secret. Leave the ``except`` block before
    raising where tools read ``__context__`` too: Python keeps the original there.

    Args:
        error: The exception that was caught.
        hide: Secrets that have no shape of their own.

    Returns:
        The exception itself where neither it nor anything it is chained to holds a secret, so
        that its type can be told; else a `RedactedError`, with stand-ins for its cause, context,
        notes and grouped exceptions.
    """
    secrets = tuple(hide)
    if isinstance(error, Exception) and _is_clean(error, secrets):
        return error
    return _stand_in(error, secrets, {})


class SecretFilter(logging.Filter):
    """Redacts log records: message, arguments, exception and stack.

    ``logging.getLogger("livekit").addFilter(SecretFilter())`` covers the native SDK, which logs the
    server's answer with the token in it. A logger's filter sees the records of that very logger;
    put it on a handler to cover everything that the handler writes.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record in place.

        Returns:
            True: the record is always logged. A record without secrets is left as it is.
        """
        message = record.getMessage()
        shown = redact(message)
        if shown != message or _holds_secret(repr(record.args)):
            record.msg, record.args = shown, ()
        if record.exc_info and record.exc_info[1] is not None:
            cause = redacted_cause(record.exc_info[1])
            if cause is not record.exc_info[1]:
                record.exc_info = (type(cause), cause, None)
                record.exc_text = None
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


def _holds_secret(text: str, hide: Iterable[str] = ()) -> bool:
    return redact(text, hide=hide) != text


def _is_clean(error: BaseException, hide: tuple[str, ...]) -> bool:
    printed = "".join(traceback.format_exception(error))
    reprs = (_repr(part) for part in _reachable(error, set()))
    return not any(_holds_secret(text, hide) for text in (printed, *reprs))


def _reachable(error: BaseException | None, seen: set[int]) -> Iterator[BaseException]:
    """Yield everything that hangs on the exception, also a context that is not printed."""
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    for part in (error.__cause__, error.__context__, *_members(error)):
        yield from _reachable(part, seen)


def _stand_in(error: BaseException, hide: tuple[str, ...], done: dict[int, Exception]) -> Exception:
    if id(error) in done:
        return done[id(error)]
    text = redact(f"{type(error).__qualname__}: {_str(error)}", hide=hide)
    members = [_stand_in(part, hide, done) for part in _members(error)]
    copy = ExceptionGroup(text, members) if members else RedactedError(text)
    done[id(error)] = copy
    for note in getattr(error, "__notes__", ()):
        copy.add_note(redact(str(note), hide=hide))
    if error.__cause__ is not None:
        copy.__cause__ = _stand_in(error.__cause__, hide, done)
    elif error.__context__ is not None and not error.__suppress_context__:
        copy.__context__ = _stand_in(error.__context__, hide, done)
    return copy


def _members(error: BaseException) -> tuple[BaseException, ...]:
    if not isinstance(error, BaseExceptionGroup):
        return ()
    return cast("BaseExceptionGroup[BaseException]", error).exceptions


def _str(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - somebody else's __str__
        return "<its text cannot be shown>"


def _repr(error: BaseException) -> str:
    try:
        return repr(error)
    except Exception:  # noqa: BLE001 - somebody else's __repr__
        return ""
