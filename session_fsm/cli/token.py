"""``session-fsm token``: make an access token, or look into one."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from session_fsm.cli import sources, terminal
from session_fsm.cli.arguments import seconds
from session_fsm.cli.exit_codes import ExitCode, UsageError

if TYPE_CHECKING:
    import argparse

    from session_fsm import ConnectionDetails, TokenOptions
    from session_fsm.cli.arguments import Subparsers

UNVERIFIED = "The signature is not verified: only who has the API secret can do that."

_ANY_URL = "ws://localhost:7880"
"""Stands for the server where none is given: no URL is in a token."""


def add_parser(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("token", help="make an access token, or look into one")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_mint(actions)
    _add_inspect(actions)


def _add_mint(actions: Subparsers) -> None:
    parser = actions.add_parser(
        "mint",
        help="make a token from an API key, and print it",
        description="Make a token from an API key, and print it on stdout. Anybody who has it can "
        "join the room while it is valid.",
    )
    sources.add_url(parser)
    sources.add_key(parser)
    parser.add_argument("--room", metavar="NAME", help="the room; by default a new one")
    parser.add_argument("--identity", metavar="NAME", help="by default a new one")
    parser.add_argument("--name", metavar="TEXT", help="the display name")
    parser.add_argument("--metadata", metavar="TEXT", help="of the participant")
    parser.add_argument(
        "--attribute", metavar="KEY=VALUE", action="append", default=[], help="may be repeated"
    )
    parser.add_argument("--agent", metavar="NAME", help="dispatch this agent to the room")
    parser.add_argument("--agent-metadata", metavar="TEXT", help="handed to the agent's job")
    parser.add_argument(
        "--ttl", metavar="TIME", type=seconds, default=900.0, help="30s, 15m, 6h … (default: 15m)"
    )
    parser.add_argument(
        "--json", action="store_true", help="print what a token server answers: URL, token, room"
    )
    parser.set_defaults(run=mint)


def _add_inspect(actions: Subparsers) -> None:
    parser = actions.add_parser(
        "inspect",
        help="print what a token says, and whether it is valid now",
        description="Print the claims of a token as JSON, and whether it is valid now. Exits with "
        "3 when it is not. " + UNVERIFIED,
    )
    parser.add_argument(
        "token", nargs="?", metavar="JWT", help="or - for stdin; by default that of LIVEKIT_TOKEN"
    )
    parser.set_defaults(run=inspect)


def mint(args: argparse.Namespace) -> int:
    """Make a token and print it."""
    import asyncio  # noqa: PLC0415 - only when it is run

    from session_fsm import TokenSource  # noqa: PLC0415 - only when it is run

    try:
        url = sources.known_url(args) or _ANY_URL
        source = TokenSource.api_key(url, *sources.key(args), ttl=args.ttl)
        options = _options(args)
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from None
    details = asyncio.run(source.fetch(options))
    terminal.status(f"room {details.room_name}, valid for {args.ttl:g} s")
    print(json.dumps(_answer(details)) if args.json else details.participant_token)
    return ExitCode.OK


def _options(args: argparse.Namespace) -> TokenOptions:
    from session_fsm import TokenOptions  # noqa: PLC0415 - only when it is run

    pairs = [pair.partition("=") for pair in args.attribute]
    if wrong := next(
        (
            pair
            for pair, (key, is_, _) in zip(args.attribute, pairs, strict=True)
            if not (key and is_)
        ),
        None,
    ):
        raise UsageError(f"--attribute must look like KEY=VALUE, not {wrong!r}")
    return TokenOptions(
        room_name=args.room,
        participant_identity=args.identity,
        participant_name=args.name,
        participant_metadata=args.metadata,
        participant_attributes={key: value for key, _, value in pairs},
        agent_name=args.agent,
        agent_metadata=args.agent_metadata,
    )


def _answer(details: ConnectionDetails) -> dict[str, Any]:
    return {
        "server_url": details.server_url,
        "participant_token": details.participant_token,
        "room_name": details.room_name,
        "participant_name": details.participant_name,
    }


def inspect(args: argparse.Namespace) -> int:
    """Print what a token says."""
    from session_fsm import ConnectionDetails, TokenError  # noqa: PLC0415 - only when it is run
    from session_fsm.tokens.jwt import check, claims  # noqa: PLC0415 - the same

    token = sources.read_token(args.token)
    terminal.status(UNVERIFIED)
    said = claims(token)
    try:
        check(ConnectionDetails(_ANY_URL, token))
        problem = None
    except TokenError as error:
        problem = str(error)
    print(json.dumps(_report(said, problem), indent=2, ensure_ascii=False))
    sys.stdout.flush()
    if problem is not None:
        terminal.status(f"session-fsm: {problem}")
        return ExitCode.TOKEN
    return ExitCode.OK


def _report(said: dict[str, Any], problem: str | None) -> dict[str, Any]:
    return {
        "valid": problem is None,
        "problem": problem,
        "expires_at": _moment(said.get("exp")),
        "not_before": _moment(said.get("nbf")),
        "claims": said,
    }


def _moment(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC).isoformat()
    except (OverflowError, OSError, ValueError):
        return None
