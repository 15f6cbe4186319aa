"""The few words of ASGI and HTTP that are needed here."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from session_fsm.asgi.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header: TypeAlias = tuple[bytes, bytes]

JSON: Final = b"application/json"
ALWAYS: Final[tuple[Header, ...]] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
"""Headers of every answer: what is told is of this moment, and for whoever asked."""


class Disconnected(Exception):  # noqa: N818 - no error, and never leaves this package
    """The client went away before it had asked all of its question."""


@attrs.frozen
class Answer:
    """A whole answer, as JSON unless it is empty."""

    status: int = 200
    body: Any = None
    headers: tuple[Header, ...] = ()


@attrs.frozen(eq=False)
class Request:
    """One HTTP request, or the opening of a WebSocket."""

    scope: Scope
    receive: Receive
    send: Send
    headers: dict[bytes, list[bytes]]

    @classmethod
    def of(cls, scope: Scope, receive: Receive, send: Send) -> Request:
        """Return the request with its headers by name, in small letters."""
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(bytes(name).lower(), []).append(bytes(value))
        return cls(scope, receive, send, headers)

    @property
    def method(self) -> str:
        """The HTTP method; a WebSocket's opening has none."""
        return str(self.scope.get("method", ""))

    @property
    def path(self) -> str:
        """The path below the place where the application is mounted."""
        path, root = str(self.scope["path"]), self.root
        return path[len(root) :] if root and f"{path}/".startswith(f"{root}/") else path

    @property
    def root(self) -> str:
        """The place where the application is mounted; empty where it is all there is."""
        return str(self.scope.get("root_path", "")).rstrip("/")

    @property
    def is_secure(self) -> bool:
        """Whether the connection is encrypted, as far as the server knows."""
        return self.scope.get("scheme") in {"https", "wss"}

    def header(self, name: bytes) -> str | None:
        """Return the only value of a header; None where there is none, or more than one."""
        values = self.headers.get(name, [])
        return values[0].decode("latin-1") if len(values) == 1 else None

    async def json(self, most: int) -> Any:
        """Read the body, at most so many bytes, as JSON.

        Raises:
            Refused: It is no JSON, or too large.
            Disconnected: The client went away.
        """
        kind = (self.header(b"content-type") or "").partition(";")[0].strip().lower()
        if kind.encode("latin-1") != JSON:
            raise Refused("not-json", "Send JSON, with the header Content-Type: application/json.")
        length = self.header(b"content-length") or "0"
        if length.isdecimal() and (len(length) > 18 or int(length) > most):  # noqa: PLR2004
            raise too_large(most)
        return parsed(await self._body(most))

    async def _body(self, most: int) -> bytes:
        body = bytearray()
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            body += message.get("body", b"")
            if len(body) > most:
                raise too_large(most)
            if not message.get("more_body", False):
                return bytes(body)

    async def gone(self) -> None:
        """Return when the client is gone, after the body was read or where there is none."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def answer(self, answer: Answer, headers: Iterable[Header] = ()) -> None:
        """Send a whole answer."""
        body = b"" if answer.body is None else dumped(answer.body).encode()
        all_of_them = [*ALWAYS, *headers, *answer.headers]
        if answer.status != HTTPStatus.NO_CONTENT:
            all_of_them += [(b"content-type", JSON), (b"content-length", str(len(body)).encode())]
        await self.send(
            {"type": "http.response.start", "status": answer.status, "headers": all_of_them}
        )
        await self.send({"type": "http.response.body", "body": body})


def parsed(text: str | bytes) -> Any:
    """Return what the JSON says.

    Raises:
        Refused: It is none.
    """
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()  # half of a character is refused, too
    except (ValueError, RecursionError):
        raise Refused("bad-json", "That is no JSON. Send one JSON object, in UTF-8.") from None
    return value


def dumped(value: Any) -> str:
    """Return the value as JSON on one line, in ASCII."""
    return json.dumps(value, separators=(",", ":"))


def too_large(most: int) -> Refused:
    """Return the refusal of what is larger than so many bytes."""
    return Refused("too-large", f"More than {most} bytes (WebLimits.request_size): send less.")
