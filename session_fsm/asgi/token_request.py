"""The JSON body of a token request, as a server reads it: the other half of `tokens.request`.

LiveKit's clients write it in snake_case or camelCase (protobuf's JSON), with what was not given
left out, null or empty. What is unknown is ignored, as protobuf's readers do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from session_fsm.asgi.problems import Refused
from session_fsm.tokens.details import TokenOptions


def token_options(document: object) -> TokenOptions:
    """Return what a token request asks for.

    Raises:
        Refused: It is no token request, or asks for something that cannot be given.
    """
    body = _object("The body", document)
    config = _object("room_config", _value(body, "room_config"))
    agent = _agent(_value(config, "agents"))
    return TokenOptions(
        room_name=_name(body, "room_name"),
        participant_name=_name(body, "participant_name"),
        participant_identity=_name(body, "participant_identity"),
        participant_metadata=_text(body, "participant_metadata"),
        participant_attributes=_attributes(_value(body, "participant_attributes")),
        agent_name=_name(agent, "agent_name"),
        agent_metadata=_text(agent, "metadata"),
        agent_deployment=_name(agent, "deployment"),
    )


def _value(given: Mapping[str, object], name: str) -> object:
    first, *others = name.split("_")
    camel = first + "".join(word.capitalize() for word in others)
    value = given.get(name)
    return given.get(camel) if value is None else value


def _object(name: str, value: object) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Refused("bad-request", f"{name} must be a JSON object.")
    return cast("Mapping[str, object]", value)


def _text(given: Mapping[str, object], name: str) -> str | None:
    value = _value(given, name)
    if value is not None and not isinstance(value, str):
        raise Refused("bad-request", f"{name} must be a text.")
    return value or None


def _name(given: Mapping[str, object], name: str) -> str | None:
    value = _text(given, name)
    return value if value and value.strip() else None


def _attributes(value: object) -> Mapping[str, str]:
    attributes = _object("participant_attributes", value)
    if not all(isinstance(text, str) for text in attributes.values()):
        raise Refused("bad-request", "participant_attributes must have texts only for values.")
    return cast("Mapping[str, str]", attributes)


def _agent(agents: object) -> Mapping[str, object]:
    if agents is None:
        return {}
    if not isinstance(agents, list):
        raise Refused("bad-request", "room_config.agents must be a list.")
    listed = cast("list[object]", agents)
    if len(listed) > 1:
        raise Refused("bad-request", "room_config.agents must hold one agent at most.")
    return _object("room_config.agents[0]", listed[0] if listed else None)
