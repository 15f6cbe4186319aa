"""Asks a LiveKit server whether it is there."""

from __future__ import annotations

import http.client
import ssl
from typing import Final, NamedTuple
from urllib.parse import urlsplit

SECURE: Final = frozenset({"wss", "https"})


class Answer(NamedTuple):
    """What became of the question."""

    reached: bool
    detail: str


def ask(url: str, seconds: float) -> Answer:
    """Connect, and ask for ``/``: any answer over HTTP counts, whatever it says.

    Args:
        url: ``wss``, ``ws``, ``https`` or ``http``.
        seconds: How long each step may take.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme in SECURE else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", "/", headers={"User-Agent": "session-fsm doctor"})
        status = connection.getresponse().status
    except ssl.SSLError as error:
        return Answer(reached=False, detail=f"no TLS with it: {error.reason or error}")
    except TimeoutError:
        return Answer(reached=False, detail=f"no answer within {seconds:g} s")
    except OSError as error:
        return Answer(reached=False, detail=f"not reachable: {error.strerror or error}")
    except http.client.HTTPException as error:
        return Answer(reached=False, detail=f"does not speak HTTP: {type(error).__name__}")
    finally:
        connection.close()
    return Answer(reached=True, detail=f"answers (HTTP {status})")
