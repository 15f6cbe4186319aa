"""The headers and the method of a token request, and what of them must stay secret."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Final, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from session_fsm.arguments import checked_text

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PUBLIC: Final = frozenset({"accept", "content-type", "user-agent"})
_SHORTEST_SECRET: Final = 4


def checked_method(method: object) -> str:
    """Return the method in upper case.

    Raises:
        TypeError: It is no str.
        ValueError: It is empty, or no HTTP method.
    """
    text = checked_text("method", method)
    if not text.isascii() or not text.isalpha():
        raise ValueError(f"method must be an HTTP method like POST, not {text!r}.")
    return text.upper()


def checked_headers(headers: object) -> dict[str, str]:
    """Return the headers; of two that differ only in case, the last. None means no headers.

    Raises:
        TypeError: They are no mapping of str to str.
        ValueError: A name or a value cannot be sent. Errors name a header, never its value.
    """
    if headers is None:
        return {}
    if not isinstance(headers, Mapping):
        raise TypeError(f"headers must be a mapping of str to str, not {type(headers).__name__}.")
    checked: dict[str, str] = {}
    for name, value in cast("Mapping[object, object]", headers).items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"headers must map str to str; {name!r} is a {type(value).__name__}.")
        if not _NAME.fullmatch(name):
            raise ValueError(f"headers holds {name!r}, which is no name of a header.")
        if any(character < " " and character != "\t" for character in value):
            raise ValueError(f"The header {name!r} holds a line break or a control character.")
        checked = with_header(checked, name, value)
    return checked


def with_header(headers: Mapping[str, str], name: str, value: str) -> dict[str, str]:
    """Return the headers with this one in the place of any of the same name in any case."""
    others = {key: kept for key, kept in headers.items() if key.lower() != name.lower()}
    return {**others, name: value}


def secrets_of(url: str, headers: Mapping[str, str]) -> frozenset[str]:
    """Return what a server may echo and nobody may read: header values, user, password, query.

    Parts of the URL shorter than four characters are left out: they would blot out whole words.
    """
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0]
    found = [value for _, value in parse_qsl(parts.query)]
    found += [pair.partition("=")[2] for pair in parts.query.split("&")]
    found += [user, unquote(parts.password or ""), base64.b64encode(user.encode()).decode()]
    secrets = {value for value in found if len(value) >= _SHORTEST_SECRET}
    for name, value in headers.items():
        if name.lower() not in _PUBLIC:
            secrets |= {value.strip(), *value.split()[-1:]}  # "Bearer x": also x alone
    return frozenset(filter(None, secrets))
