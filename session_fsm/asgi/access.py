"""Who may use an application: the pages of its own origin, under a name that is known.

- **Host** must be one of ``hosts``. A page of a foreign name that resolves to this machine (DNS
  rebinding) is of the same origin as its Host says; only the list of names finds it out.
- **Origin**, where there is one, must be that of the Host, or one of ``origins``. Browsers send it
  with every WebSocket and POST, and with all that scripts of other origins ask for.
- **Sec-Fetch-Site**, where there is no Origin, must not say that another site asks: so an image or
  a link of a foreign page opens no session. Browsers send it, and pages cannot change it.
- A client without both is no browser. It carries nobody's cookies, so nobody else can be harmed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from session_fsm.asgi.problems import Refused
from session_fsm.asgi.protocol import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from session_fsm.asgi.protocol import Header, Request

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
"""The names under which an application can be reached unless it is told others."""

_OWN: Final = frozenset({"same-origin", "none"})
_VARY: Final[Header] = (b"vary", b"Origin")


class Access:
    """The origins and names that an application answers to."""

    def __init__(
        self, origins: Iterable[str], hosts: Iterable[str], *, cookies: bool = False
    ) -> None:
        """Make one.

        Args:
            origins: Origins besides its own whose pages may use it.
            hosts: The names under which it can be reached, besides those of loopback.
            cookies: Pages of the other origins may send theirs.

        Raises:
            TypeError: One of them is no str.
            ValueError: One of them is no origin, or no name.
        """
        self._origins = frozenset(map(_origin, _many("origins", origins)))
        self._hosts = frozenset((*LOOPBACK, *map(_host, _many("hosts", hosts))))
        self._cookies = cookies

    def check(self, request: Request) -> tuple[Header, ...]:
        """Return the headers that let the page see the answer.

        Raises:
            Refused: The page may not use the application.
        """
        authority = (request.header(b"host") or "").lower()
        name = _name(authority)
        if name not in self._hosts:
            raise Refused(
                "foreign-host",
                f"This application does not answer to the name {_quoted(name)}. If it is its own, "
                f"make it with hosts=[{_quoted(name)}].",
            )
        if b"origin" not in request.headers:
            site = request.header(b"sec-fetch-site")
            if b"sec-fetch-site" in request.headers and site not in _OWN:
                raise Refused("foreign-origin", "Only pages of this origin may use this.")
            return (_VARY,)
        origin = (request.header(b"origin") or "").lower()
        if origin not in self._origins and not _is_own(origin, authority, request):
            raise Refused(
                "foreign-origin",
                f"Pages of {_quoted(origin)} may not use this. If they are to, "
                f"make the application with origins=[{_quoted(origin)}].",
            )
        return (_VARY, *self._seen_by(origin))

    def preflight(self, request: Request, methods: Iterable[str]) -> Answer:
        """Answer a browser that asks whether a page may ask."""
        allowed = ", ".join(methods).encode()
        headers: list[Header] = [(b"allow", allowed)]
        if request.header(b"access-control-request-method") is not None:
            headers += [
                (b"access-control-allow-methods", allowed),
                (b"access-control-allow-headers", b"authorization, content-type, last-event-id"),
                (b"access-control-max-age", b"600"),
            ]
        return Answer(204, headers=tuple(headers))

    def _seen_by(self, origin: str) -> Iterable[Header]:
        yield b"access-control-allow-origin", origin.encode("latin-1")
        if self._cookies:
            yield b"access-control-allow-credentials", b"true"


def _is_own(origin: str, authority: str, request: Request) -> bool:
    """Whether the page came from where this application is.

    Behind a proxy that ends the encryption the scheme may be known to the browser alone.
    """
    scheme, _, rest = origin.partition("://")
    schemes = {"https"} if request.is_secure else {"http", "https"}
    return scheme in schemes and rest == authority


def _name(authority: str) -> str:
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.partition(":")[0].rstrip(".")


def _many(name: str, values: Iterable[str]) -> tuple[str, ...]:
    if isinstance(values, str):
        raise TypeError(f"{name} must be a list of str: [{values!r}].")
    found = tuple(values)
    for one in found:
        if not isinstance(one, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{name} must hold str only, not {type(one).__name__}.")
    return found


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if f"{parts.scheme}://{parts.netloc}" != value.rstrip("/").lower() or "@" in value:
        raise ValueError(
            f"origins must hold origins as browsers write them, like 'https://example.com' or "
            f"'http://localhost:3000', not {value!r}."
        )
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError(f"origins must begin with http:// or https://, not {value!r}.")
    return f"{parts.scheme}://{parts.netloc}"


def _host(value: str) -> str:
    name = value.strip().lower().strip("[]")
    is_address = name.count(":") > 1
    if not name or "/" in name or "*" in name or (":" in name and not is_address):
        raise ValueError(f"hosts must hold names without scheme and port, not {value!r}.")
    return name.rstrip(".")


def _quoted(text: str) -> str:
    return repr(text[:100])
