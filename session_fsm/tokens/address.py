"""What a URL must have to be asked or connected to."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from session_fsm.arguments import checked_text
from session_fsm.redact import public_url

if TYPE_CHECKING:
    from urllib.parse import SplitResult


def checked_url(name: str, value: object, schemes: tuple[str, ...]) -> str:
    """Return the URL without the white space around it.

    Raises:
        TypeError: It is no str.
        ValueError: It is empty, has another scheme, no host, or a port that is none.
    """
    url = checked_text(name, value).strip()
    parts = _split(url)
    if parts is None or any(character <= " " for character in url):
        raise ValueError(f"{name} is not a URL: {public_url(url)!r}.")
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(
            f"{name} must be a URL like {schemes[-1]}://example.com, not {public_url(url)!r}."
        )
    return url


def followed(url: str, location: str) -> str | None:
    """Return where a redirect leads if it stays with the server that was asked, else None.

    That is the same origin, or the same host with https in the place of http. Headers hold keys:
    they are not handed to anybody else.
    """
    try:
        target = urljoin(url, location)
    except ValueError:
        return None
    before, after = urlsplit(url), _split(target)
    if after is None or before.hostname != after.hostname:
        return None
    same = before.scheme == after.scheme and before.port == after.port
    upgraded = (before.scheme, after.scheme) == ("http", "https")
    return target if same or upgraded else None


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    return parts
