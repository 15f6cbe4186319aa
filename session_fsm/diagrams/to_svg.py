"""SVG pictures, made of DOT text by Graphviz."""

from __future__ import annotations

import hashlib
import subprocess
from typing import Final

TIMEOUT: Final = 30.0
"""Seconds that Graphviz may take; it needs a fraction of one."""
INSTALL: Final = (
    "install it with 'apt install graphviz', 'brew install graphviz' or "
    "'winget install graphviz', or use mermaid() or dot(), which need nothing"
)


class GraphvizError(RuntimeError):
    """Graphviz is not installed, or could not draw."""


def svg_of(dot: str) -> str:
    """Return the picture of a DOT text, with the hash of that text in a comment.

    Raises:
        GraphvizError: There is no ``dot`` program, or it failed.
    """
    try:
        done = subprocess.run(
            ["dot", "-Tsvg"],  # noqa: S607 - the one of the user's own path
            input=dot.encode(),
            capture_output=True,
            timeout=TIMEOUT,
            check=True,
        )
    except OSError as error:
        raise GraphvizError(
            f"SVG pictures need the program 'dot' of Graphviz: {INSTALL}."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise GraphvizError(f"Graphviz did not answer within {TIMEOUT:g} seconds.") from error
    except subprocess.CalledProcessError as error:
        said: bytes = error.stderr
        raise GraphvizError(f"Graphviz failed: {said.decode(errors='replace').strip()}") from error
    head, tag, body = done.stdout.decode().partition("<svg")
    return f"{head}{_comment(dot)}\n{tag}{body}"


def is_drawn_from(svg: str, dot: str) -> bool:
    """Say whether this picture was made of exactly this DOT text."""
    return _comment(dot) in svg


def _comment(dot: str) -> str:
    return f"<!-- sha256 of the DOT source: {hashlib.sha256(dot.encode()).hexdigest()} -->"
