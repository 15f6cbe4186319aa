"""``python -m session_fsm``: the command ``session-fsm``."""

from __future__ import annotations

import sys

from session_fsm.cli import main

if __name__ == "__main__":
    sys.exit(main())
