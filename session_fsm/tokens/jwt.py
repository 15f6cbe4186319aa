"""What a client may know of its access token: claims are read, never verified.

Only the server has the key. The client looks at four claims: ``exp`` and ``nbf``, the ``video``
grant, and ``roomConfig.agents``, which says whether joining dispatches an agent.
"""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeGuard

from session_fsm.errors import TokenError

if TYPE_CHECKING:
    from session_fsm.tokens.details import ConnectionDetails

MARGIN: Final = 60.0
"""Seconds that a token must still have to be reused (client-sdk-js token-source/utils.ts)."""

LEEWAY: Final = 60.0
"""Seconds that a token may lie in the future: clocks differ, and the server allows a minute."""

_PARTS: Final = 3
_END_OF_TIME: Final = 1e15  # what is beyond cannot be calculated with


def claims(token: str) -> dict[str, Any]:
    """Return the claims of a token, without verifying its signature.

    Args:
        token: A JWT: three parts in base64url, the first two JSON objects.

    Raises:
        TokenError: ``bad-token``: the text is no JWT. The message does not quote it.
    """
    parts = token.split(".")
    if len(parts) != _PARTS:
        _refuse(f"it has {len(parts)} parts divided by dots, not {_PARTS}")
    _part(parts[0], "header")
    return _part(parts[1], "payload")


def dispatches_agent(token: str) -> bool:
    """Return whether joining with this token makes the server dispatch an agent.

    The claim is ``roomConfig.agents`` (LiveKit's minters write camelCase; snake_case is accepted as
    client-sdk-flutter does). A token that cannot be read dispatches nobody.
    """
    try:
        payload = claims(token)
    except TokenError:
        return False
    config: object = payload.get("roomConfig", payload.get("room_config"))
    return _is_object(config) and bool(config.get("agents"))


def is_valid(token: str, now: float) -> bool:
    """Return whether a token that was kept may be used again.

    Args:
        token: The token.
        now: Seconds since the epoch.

    Returns:
        ``nbf <= now`` and ``exp - 60 > now``. False without ``exp``, and when it cannot be read; a
        missing ``nbf`` does not matter.
    """
    try:
        payload = claims(token)
    except TokenError:
        return False
    exp: object = payload.get("exp")
    nbf: object = payload.get("nbf", 0)
    return _is_time(exp) and _is_time(nbf) and nbf <= now and exp - MARGIN > now


def check(details: ConnectionDetails, now: float | None = None) -> None:
    """Refuse details that no server would take, before a connection is tried.

    A missing ``exp`` or ``nbf`` is left to the server. A token may lie 60 s in the future.

    Args:
        details: What the token source answered.
        now: Seconds since the epoch; None reads the clock.

    Raises:
        TokenError: ``bad-token``: no JWT, or no room to join. ``expired``: not valid now. The
            message says what to do and never quotes the token.
    """
    now = time.time() if now is None else now
    payload = claims(details.participant_token)
    exp: object = payload.get("exp", now + 1)
    nbf: object = payload.get("nbf", 0)
    if not (_is_time(exp) and _is_time(nbf)):
        _refuse("its exp or nbf is no number")
    if exp <= now:
        raise TokenError(
            f"The token expired {now - exp:.0f} s ago. Fetch a new one for every start, and check "
            "this machine's clock.",
            kind="expired",
        )
    if nbf > now + LEEWAY:
        raise TokenError(
            f"The token is not valid before {nbf - now:.0f} s from now. Check the clocks of this "
            "machine and of the one that made it.",
            kind="expired",
        )
    grant: object = payload.get("video")
    if not _is_object(grant) or grant.get("roomJoin") is not True or not grant.get("room"):
        raise TokenError(
            "The token grants no room to join. Make it with room_join=True and a room.",
            kind="bad-token",
        )


def _part(part: str, what: str) -> dict[str, Any]:
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        value: object = json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError):
        value = None
    if not _is_object(value):
        _refuse(f"its {what} is not a JSON object in base64url")
    return value


def _no_number(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are no JSON


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_time(value: object) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < _END_OF_TIME


def _refuse(why: str) -> NoReturn:
    raise TokenError(
        f"The token is no LiveKit access token: {why}. Give the JWT that your token server makes, "
        "whole and unchanged.",
        kind="bad-token",
    )
