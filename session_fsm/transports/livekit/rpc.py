"""Remote calls on a `livekit.rtc.Room`.

Methods belong to the local participant, which is there only once the room is joined: `joined` must
be called in the same step in which ``connect`` returns, before the SDK lets any event through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from livekit import rtc

from session_fsm.errors import RpcError
from session_fsm.redact import redact, redacted_cause
from session_fsm.transports.rpc import RpcCall, rpc_error, rpc_error_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_fsm.transports.livekit.seat import Seat
    from session_fsm.transports.rpc import Answer

ROUND_TRIP: Final = 7.0
"""Seconds that the SDK gives a call to reach its recipient; LiveKit's default."""
REFUSED: Final = "Calls that are not encrypted are not answered"
SHARE: Final = 0.25
"""Of a call's time, for the way there: the SDK takes it off what the recipient may use."""


class LiveKitRpc:
    """The remote calls of one room."""

    def __init__(self, seat: Seat, refuses: Callable[[str], bool]) -> None:
        self._seat = seat
        self._refuses = refuses
        self._answers: dict[str, Answer] = {}
        self._is_joined = False

    async def call(
        self,
        to: str,
        method: str,
        payload: str,
        timeout: float,  # noqa: ASYNC109 - the peer's time
    ) -> str:
        """Call a participant's method; what the SDK raises comes out as ``RpcError``."""
        failure: RpcError
        try:
            return await self._seat.room.local_participant.perform_rpc(
                destination_identity=to,
                method=method,
                payload=payload,
                response_timeout=timeout,
                max_round_trip_latency=min(ROUND_TRIP, timeout * SHARE),
            )
        except rtc.RpcError as error:
            failure = rpc_error_of(error.code, error.message, error.data)
        except Exception as error:  # noqa: BLE001 - the SDK raises its own and plain ones
            said = redact(str(error)) or type(error).__name__
            failure = rpc_error("send-failed", f"The call could not be sent: {said}.")
            failure.__cause__ = redacted_cause(error)
        raise failure

    def serve(self, method: str, answer: Answer) -> None:
        """Answer calls of this method as soon as the room is joined."""
        self._answers[method] = answer
        if self._is_joined:
            self._register(method, answer)

    def withdraw(self, method: str) -> None:
        """No longer answer calls of this method."""
        if self._answers.pop(method, None) is not None and self._is_joined:
            self._seat.room.local_participant.unregister_rpc_method(method)

    def joined(self) -> None:
        """Register what is served: the room is joined, or another one in its place."""
        self._is_joined = True
        for method, answer in self._answers.items():
            self._register(method, answer)

    def _register(self, method: str, answer: Answer) -> None:
        async def handle(data: rtc.RpcInvocationData) -> str:
            call = RpcCall(method, data.payload, data.caller_identity, data.response_timeout)
            try:
                if self._refuses(call.caller):
                    raise rpc_error("application-error", REFUSED)
                return await answer(call)
            except RpcError as error:
                refusal = rtc.RpcError(error.code, str(error), error.data)
            raise refusal

        self._seat.room.local_participant.register_rpc_method(method, handle)
