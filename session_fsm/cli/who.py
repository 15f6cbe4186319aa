"""Arguments of the commands that hold a session on a server: with whom, as whom, for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.cli.arguments import seconds

if TYPE_CHECKING:
    import argparse

    from session_fsm.cli.arguments import Arguments


def add_who(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_partner(parser)
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=seconds,
        default=30.0,
        help="how long each answer may take (default: 30)",
    )


def add_partner(parser: Arguments) -> None:
    """Add those of a session in which nothing is said."""
    parser.add_argument(
        "--agent",
        metavar="NAME",
        help="the agent to dispatch, where the token is made here or by an endpoint; "
        "no other one counts as the agent",
    )
    parser.add_argument("--agent-metadata", metavar="TEXT", help="handed to the agent's job")
    parser.add_argument("--room", metavar="NAME", help="the room; by default a new one")
    parser.add_argument("--identity", metavar="NAME", help="who to be; by default a new one")
    parser.add_argument(
        "--agent-timeout",
        metavar="SECONDS",
        type=seconds,
        default=20.0,
        help="how long a dispatched agent may take to be ready (default: 20)",
    )
