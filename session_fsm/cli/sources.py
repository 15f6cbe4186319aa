"""The token source that the arguments describe, or the environment where they do not."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from session_fsm.cli.exit_codes import UsageError
from session_fsm.redact import public_url

if TYPE_CHECKING:
    import argparse

    from session_fsm import TokenSource
    from session_fsm.cli.arguments import Arguments

SCHEMES: Final = ("ws", "wss", "http", "https", "loopback")

WAYS: Final = """\
say how to get in, by one of
  --token-endpoint URL
  --url URL --token JWT                             or LIVEKIT_URL, LIVEKIT_TOKEN
  --url URL --api-key KEY --api-secret SECRET       or LIVEKIT_URL, LIVEKIT_API_KEY,
                                                    LIVEKIT_API_SECRET"""

SAID_BY_TOKENS: Final = ("room", "identity", "agent_metadata")
"""Arguments of ``run`` that have no effect on a token that is there already."""


class Access(NamedTuple):
    """A token source, and what it was made of, in words that hold no secret."""

    source: TokenSource
    origin: str


def add_url(parser: Arguments) -> None:
    """Add ``--url``."""
    parser.add_argument("--url", metavar="URL", help="the server, wss://…; or LIVEKIT_URL")


def add_key(parser: Arguments) -> None:
    """Add ``--api-key`` and ``--api-secret``."""
    parser.add_argument("--api-key", metavar="KEY", help="make tokens here; or LIVEKIT_API_KEY")
    parser.add_argument(
        "--api-secret",
        metavar="SECRET",
        help="of that key; better in LIVEKIT_API_SECRET: other users of the machine and your "
        "shell's history see command lines",
    )


def add_access(parser: argparse.ArgumentParser) -> None:
    """Add everything that says where to connect and with which token."""
    group = parser.add_argument_group("access", "where to connect; secrets by the environment")
    add_url(group)
    group.add_argument(
        "--token",
        metavar="JWT",
        help="a token, or - to read it from stdin; better in LIVEKIT_TOKEN: command lines are seen",
    )
    group.add_argument("--token-endpoint", metavar="URL", help="a token server that is asked")
    add_key(group)


def is_given(args: argparse.Namespace) -> bool:
    """Say whether the command line itself says where to connect, or with which token."""
    return any(
        value is not None
        for value in (args.url, args.token, args.token_endpoint, args.api_key, args.api_secret)
    )


def access(args: argparse.Namespace) -> Access:
    """Return the token source. What the command line says goes before the environment.

    Raises:
        UsageError: Nothing was given, half of it, or more than one way.
    """
    from session_fsm import TokenSource  # noqa: PLC0415 - only when it is needed

    ways = [
        args.token is not None,
        args.token_endpoint is not None,
        args.api_key is not None or args.api_secret is not None,
    ]
    if sum(ways) > 1:
        raise UsageError("give one of --token, --token-endpoint, and --api-key with --api-secret")
    try:
        if args.token_endpoint is not None:
            source: TokenSource = TokenSource.endpoint(args.token_endpoint)
            return Access(source, public_url(args.token_endpoint))
        if args.token is not None or (not any(ways) and _env("LIVEKIT_TOKEN")):
            return _with_token(args)
        if any(ways) or (_env("LIVEKIT_API_KEY") and _env("LIVEKIT_API_SECRET")):
            url = required_url(args)
            source = TokenSource.api_key(url, *key(args))
            return Access(source, f"{public_url(url)} with a token made here")
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from None
    raise UsageError(WAYS)


def key(args: argparse.Namespace) -> tuple[str, str]:
    """Return the API key and its secret.

    Raises:
        UsageError: One of them is missing.
    """
    api_key = args.api_key or _env("LIVEKIT_API_KEY")
    api_secret = args.api_secret or _env("LIVEKIT_API_SECRET")
    if not api_key or not api_secret:
        missing = [
            *(["--api-key (or LIVEKIT_API_KEY)"] if not api_key else []),
            *(["--api-secret (or LIVEKIT_API_SECRET)"] if not api_secret else []),
        ]
        raise UsageError(f"missing: {' and '.join(missing)}")
    return api_key, api_secret


def known_url(args: argparse.Namespace) -> str | None:
    """Return the server's URL where one was given.

    Raises:
        UsageError: It is no URL of a server.
    """
    url = (args.url or "").strip() or _env("LIVEKIT_URL")
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in SCHEMES and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        where = "--url" if args.url else "LIVEKIT_URL"
        shown = public_url(url)
        raise UsageError(f"{where} must look like wss://example.livekit.cloud, not {shown!r}")
    return url


def required_url(args: argparse.Namespace) -> str:
    """Return the server's URL.

    Raises:
        UsageError: None was given, or it is none.
    """
    url = known_url(args)
    if url is None:
        raise UsageError("missing: --url (or LIVEKIT_URL)")
    return url


def read_token(given: str | None) -> str:
    """Return the token of the argument, of stdin for ``-``, or of the environment.

    Raises:
        UsageError: There is none.
    """
    token = sys.stdin.readline() if given == "-" else given or _env("LIVEKIT_TOKEN")
    if not token or not token.strip():
        raise UsageError("missing: a token, by argument, by stdin with -, or in LIVEKIT_TOKEN")
    return token.strip()


def _with_token(args: argparse.Namespace) -> Access:
    from session_fsm import TokenSource  # noqa: PLC0415 - only when it is needed

    in_vain = [
        f"--{name.replace('_', '-')}" for name in SAID_BY_TOKENS if getattr(args, name) is not None
    ]
    if in_vain:
        raise UsageError(f"the token itself says what {' and '.join(in_vain)} would: leave it out")
    url = required_url(args)
    origin = "LIVEKIT_TOKEN" if args.token is None else "a given token"
    source = TokenSource.literal(url, read_token(args.token))
    return Access(source, f"{public_url(url)} with {origin}")


def _env(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None
