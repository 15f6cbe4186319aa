"""What of the logs is shown: our own errors, or with ``-v`` everything, and never a secret."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from session_fsm.redact import SecretFilter

if TYPE_CHECKING:
    from collections.abc import Generator

LOGGERS: Final = {
    "session_fsm": logging.ERROR,
    "stores": logging.ERROR,
    "livekit": logging.CRITICAL,  # what matters of it comes as an error of the session
}
"""Logger -> what is shown of it without ``-v``."""
FORMAT: Final = "%(name)s: %(levelname)s: %(message)s"


@contextmanager
def logging_to_stderr(*, verbose: bool) -> Generator[None]:
    """Log to stderr while the command runs; the failures that end it are told in any case."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(FORMAT))
    handler.addFilter(SecretFilter())
    before = {name: logging.getLogger(name).level for name in LOGGERS}
    for name, level in LOGGERS.items():
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else level)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).removeHandler(handler)
            logging.getLogger(name).setLevel(level)
