"""What goes into a token source (wishes) and what comes out of it (where to connect)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import attrs
from pyrsistent import pmap

from session_fsm.arguments import checked_text
from session_fsm.errors import TokenError
from session_fsm.redact import public_url

if TYPE_CHECKING:
    from pyrsistent import PMap


def _name(_instance: object, field: attrs.Attribute[Any], value: object) -> None:
    if value is not None:
        checked_text(field.name, value)


def _text(_instance: object, field: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str | None):
        raise TypeError(f"{field.name} must be a str, not {type(value).__name__}.")


def _required(_instance: object, field: attrs.Attribute[Any], value: object) -> None:
    checked_text(field.name, value)


def _shown_url(url: str) -> str:
    return repr(public_url(url))


def _attributes(value: Mapping[str, str] | None) -> PMap[str, str]:
    given = cast("object", value)
    if given is None:
        return pmap()
    if not isinstance(given, Mapping):
        raise TypeError(
            f"participant_attributes must be a mapping of str to str, not {type(given).__name__}."
        )
    for key, text in cast("Mapping[object, object]", given).items():
        if not isinstance(key, str) or not isinstance(text, str):
            raise TypeError(
                f"participant_attributes must map str to str; {key!r} is a {type(key).__name__} "
                f"with a {type(text).__name__}. Convert it, e.g. with str() or json.dumps()."
            )
    return pmap(cast("Mapping[str, str]", given))


def _shown_attributes(value: Mapping[str, str]) -> str:
    return repr(dict(value))


@attrs.frozen
class ConnectionDetails:
    """Where to connect, and as whom.

    Attributes:
        server_url: ``wss://…``, ``ws://…``, ``https://…``, ``http://…`` or ``loopback://…``.
        participant_token: The access token, a JWT. Never shown in the repr.
        room_name: The room, where the source says so.
        participant_name: The participant's display name, where the source says so.

    Raises:
        TypeError: A value is no text.
        ValueError: The URL or the token is empty.
    """

    server_url: str = attrs.field(validator=_required, repr=_shown_url)
    participant_token: str = attrs.field(validator=_required, repr=False)
    room_name: str | None = attrs.field(default=None, validator=_text)
    participant_name: str | None = attrs.field(default=None, validator=_text)


Answer: TypeAlias = ConnectionDetails | Mapping[str, Any]
"""What a callable may give: details, or a dict in snake_case or camelCase."""


@attrs.frozen(kw_only=True)
class TokenOptions:
    """What the next token should grant. A source honours what it can; all of it is optional.

    Two of them are equal when all values are. They are hashable and cannot be changed.

    Attributes:
        room_name: The room to join. Agents are dispatched only when a room is created, so leave
            it out to get a new room for every fetch, where the source makes one.
        participant_name: The display name of the participant.
        participant_identity: The identity; two participants of one identity cannot be in a room.
        participant_metadata: Free text that others in the room can read.
        participant_attributes: Texts by name that others in the room can read.
        agent_name: The agent to dispatch.
        agent_metadata: Free text for the agent's job.
        agent_deployment: The deployment of the agent to dispatch.

    Raises:
        TypeError: A value is no text, or the attributes are no mapping of texts.
        ValueError: A name is empty: leave it out instead.
    """

    room_name: str | None = attrs.field(default=None, validator=_name)
    participant_name: str | None = attrs.field(default=None, validator=_name)
    participant_identity: str | None = attrs.field(default=None, validator=_name)
    participant_metadata: str | None = attrs.field(default=None, validator=_text)
    participant_attributes: Mapping[str, str] = attrs.field(
        default=None, converter=_attributes, repr=_shown_attributes
    )
    agent_name: str | None = attrs.field(default=None, validator=_name)
    agent_metadata: str | None = attrs.field(default=None, validator=_text)
    agent_deployment: str | None = attrs.field(default=None, validator=_name)


NO_OPTIONS = TokenOptions()
"""No wishes at all."""


def checked_options(options: object) -> TokenOptions:
    """Return the options, none of them for None.

    Raises:
        TypeError: It is neither a TokenOptions nor None.
    """
    if options is None:
        return NO_OPTIONS
    if not isinstance(options, TokenOptions):
        raise TypeError(
            f"options must be a TokenOptions, not {type(options).__name__}; "
            'make one with TokenOptions(room_name="…").'
        )
    return options


def details_from(answer: object, who: str) -> ConnectionDetails:
    """Read connection details from what a callable returned or an endpoint sent.

    Keys may be snake_case or camelCase (client-sdk-js reads both); others are ignored. An optional
    value that is null or empty counts as left out.

    Args:
        answer: A ConnectionDetails, or a mapping.
        who: The subject of the error, e.g. "The token endpoint https://…".

    Raises:
        TokenError: ``bad-answer``: something is missing or of a wrong type. Values are not quoted.
    """
    if isinstance(answer, ConnectionDetails):
        return answer
    if not isinstance(answer, Mapping):
        what = "nothing (None)" if answer is None else type(answer).__name__
        raise _bad(who, f"answered with {what}, not with connection details")
    given = cast("Mapping[object, object]", answer)
    texts = {
        field.name: _value(given, field.name, who) for field in attrs.fields(ConnectionDetails)
    }
    missing = [name for name in ("server_url", "participant_token") if not texts[name]]
    if missing:
        raise _bad(who, f"answered without {' and '.join(missing)}")
    return ConnectionDetails(**cast("dict[str, Any]", texts))


def _value(given: Mapping[object, object], name: str, who: str) -> str | None:
    first, *others = name.split("_")
    camel = first + "".join(word.capitalize() for word in others)
    value = given.get(name)
    if value is None:
        value = given.get(camel)
    if value is not None and not isinstance(value, str):
        raise _bad(who, f"answered with a {name} that is a {type(value).__name__}, not a text")
    return value if value and value.strip() else None


def _bad(who: str, what: str) -> TokenError:
    return TokenError(
        f'{who} {what}. It must give {{"server_url": …, "participant_token": …}}.',
        kind="bad-answer",
    )
