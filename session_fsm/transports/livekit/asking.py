"""Whether somebody in the room hears us."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from livekit import rtc

PROBE_METHOD: Final = "lk.session.probe"
"""An RPC method that nobody has."""

_UNHEARD: Final = frozenset(
    {
        rtc.RpcError.ErrorCode.CONNECTION_TIMEOUT,
        rtc.RpcError.ErrorCode.RESPONSE_TIMEOUT,
        rtc.RpcError.ErrorCode.RECIPIENT_DISCONNECTED,
        rtc.RpcError.ErrorCode.RECIPIENT_NOT_FOUND,
        rtc.RpcError.ErrorCode.SEND_FAILED,
    }
)

logger = logging.getLogger("session_fsm")


async def hears(room: rtc.Room, identity: str, timeout: float) -> bool:  # noqa: ASYNC109 - the peer's time
    """Ask for a method that nobody has: a refusal by the peer is the answer.

    The call goes the same way as streams do, behind all that was sent before it.
    """
    try:
        async with asyncio.timeout(timeout):
            await room.local_participant.perform_rpc(
                destination_identity=identity,
                method=PROBE_METHOD,
                payload="",
                response_timeout=timeout,
                # Without it the SDK waits 7 s for a peer that is gone.
                max_round_trip_latency=timeout,
            )
    except rtc.RpcError as error:
        logger.debug("the probe: %r", error)
        return error.code not in _UNHEARD
    except Exception as error:  # noqa: BLE001 - whatever it is, nobody answered
        logger.debug("the probe failed: %r", error)
        return False
    return True
