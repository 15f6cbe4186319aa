"""The JSON body of a token request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from session_fsm.tokens.details import TokenOptions


def request_body(options: TokenOptions) -> dict[str, Any]:
    """Return the body of a token request: snake_case, and only what was given.

    Without agent options there is no ``room_config`` at all (client-sdk-js and client-sdk-cpp pin
    that in tests; other SDKs send it empty). Empty attributes are left out.
    """
    body = _given(
        room_name=options.room_name,
        participant_name=options.participant_name,
        participant_identity=options.participant_identity,
        participant_metadata=options.participant_metadata,
        participant_attributes=dict(options.participant_attributes) or None,
    )
    agent = agent_fields(options)
    if agent:
        body["room_config"] = {"agents": [agent]}
    return body


def agent_fields(options: TokenOptions) -> dict[str, str]:
    """Return what was given of ``agent_name``, ``metadata`` and ``deployment``."""
    return _given(
        agent_name=options.agent_name,
        metadata=options.agent_metadata,
        deployment=options.agent_deployment,
    )


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
