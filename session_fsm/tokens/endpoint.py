"""A token server that is asked over HTTP.

The request and the answer are those of LiveKit's SDKs (client-sdk-js token-source/TokenSource.ts):
``POST`` with a JSON body, any 2xx with ``server_url`` and ``participant_token``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

import attrs

from session_fsm.arguments import checked_seconds
from session_fsm.errors import TokenError
from session_fsm.redact import public_url, redact, redacted_cause
from session_fsm.tokens.address import checked_url, followed
from session_fsm.tokens.details import checked_options, details_from
from session_fsm.tokens.headers import checked_headers, checked_method, secrets_of, with_header
from session_fsm.tokens.request import request_body
from session_fsm.tokens.source import TokenSource

if TYPE_CHECKING:
    import aiohttp

    from session_fsm.tokens.details import ConnectionDetails, TokenOptions

_LONGEST_BODY: Final = 1 << 20
_QUOTED: Final = 200
_MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 307, 308})


@attrs.frozen
class _Answer:
    status: int
    content_type: str
    location: str | None
    body: str


class EndpointTokenSource(TokenSource):
    """Asks a token server for every fetch; nothing is kept, so ``force`` changes nothing.

    Each fetch has connections of its own, closed when it ends, however it ends. A redirect is
    followed with method, body and headers while it stays with the same host; no header goes to
    another.
    """

    def __init__(
        self,
        url: str,
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> None:
        self._url = checked_url("url", url, ("http", "https"))
        self._method = checked_method(method)
        self._given = checked_headers(headers)
        self._timeout = checked_seconds("timeout", timeout)
        if "@" in urlsplit(self._url).netloc and "authorization" in map(str.lower, self._given):
            raise ValueError("url holds a user and headers an Authorization: give one of them.")
        self._headers = self._given
        if "content-type" not in map(str.lower, self._given):
            self._headers = with_header(self._given, "Content-Type", "application/json")

    async def fetch(
        self, options: TokenOptions | None = None, *, force: bool = False
    ) -> ConnectionDetails:
        """Ask the server.

        Raises:
            TokenError: ``timeout``, ``unreachable``, ``status`` (not 2xx) or ``bad-answer``. The
                text quotes at most 200 characters of the answer, without tokens and headers.
        """
        del force
        answer = await self._answer(request_body(checked_options(options)))
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise self._refusal(answer)
        return details_from(self._parsed(answer), self._who)

    async def _answer(self, body: dict[str, object]) -> _Answer:
        """Return the server's answer; the errors of aiohttp end here."""
        import aiohttp  # noqa: PLC0415 - importing the package must stay cheap

        try:
            async with asyncio.timeout(self._timeout), aiohttp.ClientSession() as client:
                return await self._exchange(client, json.dumps(body).encode())
        except TimeoutError:
            text = f"did not answer within {self._timeout:g} s. Check it, or raise its timeout"
            failure = self._failure("timeout", text)
        except aiohttp.ClientResponseError as error:
            failure = self._failure("bad-answer", "does not speak HTTP. Check the URL", error)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = redact(str(error), hide=self._secrets).rstrip(".") or type(error).__name__
            text = f"could not be reached, or broke off: {why}. Check the URL and the network"
            failure = self._failure("unreachable", text, error)
        raise failure

    async def _exchange(self, client: aiohttp.ClientSession, body: bytes) -> _Answer:
        """Ask, and ask again where a redirect may be followed."""
        url = self._url
        left = _MOST_REDIRECTS
        while True:
            answer = await self._ask(client, url, body)
            target = None
            if left and answer.location and answer.status in _REDIRECTS:
                target = followed(url, answer.location)
            if target is None:
                return answer
            url, left = target, left - 1

    async def _ask(self, client: aiohttp.ClientSession, url: str, body: bytes) -> _Answer:
        import aiohttp  # noqa: PLC0415 - importing the package must stay cheap

        async with client.request(
            self._method,
            url,
            data=body,
            headers=self._headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),  # fetch has its own
        ) as response:
            return _Answer(
                response.status,
                response.content_type,
                response.headers.get("Location"),
                await _text(response),
            )

    def _parsed(self, answer: _Answer) -> Mapping[object, object]:
        if not answer.body.strip():
            raise self._failure("bad-answer", "gave an empty answer. Check its log")
        try:
            value: object = json.loads(answer.body)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, Mapping):
            kind = redact(answer.content_type, hide=self._secrets)
            text = f"answered with something that is no JSON object, as {kind}"
            raise self._failure("bad-answer", f"{text}. Check the URL{self._quote(answer)}")
        return cast("Mapping[object, object]", value)

    def _refusal(self, answer: _Answer) -> TokenError:
        text = f"answered {_phrase(answer.status)}"
        if answer.location and answer.status in _REDIRECTS:
            target = redact(public_url(answer.location), hide=self._secrets)
            text += f" and points to {target}. Give that URL if you trust it"
        else:
            text += f". Check its log{self._quote(answer)}"
        return self._failure("status", text)

    def _quote(self, answer: _Answer) -> str:
        """Return the beginning of the body; redacted first, so that no half of a secret is left."""
        text = " ".join(redact(answer.body, hide=self._secrets).split())
        return f"; it said: {text[:_QUOTED]}" if text else ""

    def _failure(self, kind: str, text: str, cause: Exception | None = None) -> TokenError:
        failure = TokenError(f"{self._who} {text}.", kind=kind)
        if cause is not None:
            failure.__cause__ = redacted_cause(cause, hide=self._secrets)
        return failure

    @property
    def _who(self) -> str:
        return f"The token endpoint {public_url(self._url)}"

    @property
    def _secrets(self) -> frozenset[str]:
        return secrets_of(self._url, self._given)

    def __repr__(self) -> str:
        method = f", method={self._method!r}" if self._method != "POST" else ""
        names = f", headers={list(self._given)}" if self._given else ""
        return f"TokenSource.endpoint({public_url(self._url)!r}{method}{names})"


async def _text(response: aiohttp.ClientResponse) -> str:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _LONGEST_BODY:
            break
    return body.decode("utf-8-sig", errors="replace")


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
