"""The command ``session-fsm``.

| file | what |
|---|---|
| ``exit_codes`` | the exit codes, and the one table that says which error has which |
| ``parser`` | the commands and what they have in common |
| ``demo``, ``console``, ``run``, ``replay``, ``token`` | one command each |
| ``diagram``, ``devices``, ``doctor`` | and these |
| ``facts`` | what there is to tell about a session, as data |
| ``lines`` | facts as lines for people, and as JSON lines for programs |
| ``talk`` | saying texts and waiting for answers |
| ``headless``, ``plain`` | what ``run``, and ``demo`` without a live view, do |
| ``arguments`` | what the commands' arguments are made of |
| ``sources`` | the token source that the arguments and the environment describe |
| ``script`` | the demo's conversation |
| ``who``, ``typed`` | arguments of run and console; the lines of stdin |
| ``live``, ``console.screen`` | the live views; nothing else imports Textual |
| ``checks``, ``requirements``, ``probe`` | what ``doctor`` looks at |
| ``interrupt``, ``terminal``, ``logs`` | ctrl+c; standard streams; log output |

Parsing arguments imports nothing heavy: what a command needs it imports when it is run.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, by default those of the process.

    Returns:
        The exit code; see ``session_fsm.cli.exit_codes``.
    """
    try:
        from session_fsm.cli.parser import dispatch  # noqa: PLC0415 - ctrl+c counts from here on

        return dispatch(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        return 130
