"""What ``session-fsm doctor`` looks at."""

from __future__ import annotations

import platform
import shutil
import sys
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

import stores
from session_fsm._version import __version__
from session_fsm.cli.probe import ask
from session_fsm.cli.requirements import (
    DISTRIBUTION,
    Requirement,
    extras,
    fits,
    installed,
    requirements,
)
from session_fsm.redact import public_url

if TYPE_CHECKING:
    from collections.abc import Iterator

OK: Final = "ok"
MISSING: Final = "missing"
WARNING: Final = "warning"
FAILED: Final = "failed"

ALWAYS: Final = ("livekit", "livekit-api", "reactivex", "transitions", "attrs")
"""Looked at also where the metadata of this installation is not there."""

OLDEST_PYTHON: Final = (3, 11)


class Check(NamedTuple):
    """One thing that was looked at.

    Attributes:
        name: What.
        status: ``ok``; ``missing``: not there and not needed; ``warning``; ``failed``.
        required: Whether a session needs it.
        detail: The version, the place, or what to do.
    """

    name: str
    status: str
    required: bool
    detail: str


def check_all(url: str | None, seconds: float) -> list[Check]:
    """Look at everything.

    Args:
        url: The server's, where it is known.
        seconds: How long the server may take.
    """
    return [
        _python(),
        Check(DISTRIBUTION, OK, required=True, detail=__version__),
        *_distributions(),
        _native(),
        *_extras(),
        _stores(),
        _shadow(Path.cwd()),
        _graphviz(),
        _server(url, seconds),
    ]


def _python() -> Check:
    fine = sys.version_info >= OLDEST_PYTHON
    detail = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Check("python", OK if fine else FAILED, required=True, detail=detail)


def _distributions() -> Iterator[Check]:
    asked = [one for one in requirements() if one.extra is None]
    known = {one.name for one in asked}
    asked += [Requirement(name, "", None) for name in ALWAYS if name not in known]
    for one in sorted(asked):
        found = installed(one.name)
        if found is None:
            detail = f"not installed: pip install '{one.name}{one.bounds}'"
            yield Check(one.name, FAILED, required=True, detail=detail)
        elif not fits(found, one.bounds):
            detail = f"{found}, but {one.bounds} is needed"
            yield Check(one.name, FAILED, required=True, detail=detail)
        else:
            yield Check(one.name, OK, required=True, detail=found)


def _native() -> Check:
    try:
        import_module("livekit.rtc")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        detail = f"cannot be loaded: {type(error).__name__}: {error}"
        return Check("livekit.rtc", FAILED, required=True, detail=detail)
    return Check("livekit.rtc", OK, required=True, detail="the native library is loaded")


def _extras() -> Iterator[Check]:
    asked = requirements()
    for extra in extras():
        found = {one.name: installed(one.name) for one in asked if one.extra == extra}
        detail = ", ".join(f"{name} {version}" for name, version in found.items() if version)
        if None in found.values():
            detail = f"pip install '{DISTRIBUTION}[{extra}]'"
        status = MISSING if None in found.values() else OK
        yield Check(f"extra {extra}", status, required=False, detail=detail)


def _stores() -> Check:
    """Look for a distribution that has written, or will write, over our ``stores``."""
    place = str(Path(stores.__file__ or "").parent)
    others = sorted(set(packages_distributions().get("stores", ())) - {DISTRIBUTION})
    if others:
        detail = (
            f"{', '.join(others)} has a package of that name, too: uninstall it, and then "
            f"reinstall {DISTRIBUTION}"
        )
        return Check("stores", FAILED, required=True, detail=detail)
    return Check("stores", OK, required=True, detail=place)


def _shadow(folder: Path) -> Check:
    """Look for what a Python that is started in this folder would find in the place of ours."""
    own = Path(stores.__file__ or "").resolve()
    for path in (folder / "stores" / "__init__.py", folder / "stores.py"):
        if path.is_file() and path.resolve() != own:
            detail = f"{path} hides ours from programs in this folder: rename it"
            return Check("stores here", WARNING, required=False, detail=detail)
    return Check("stores here", OK, required=False, detail=f"nothing in {folder} hides it")


def _graphviz() -> Check:
    found = shutil.which("dot")
    detail = found or "only needed to draw SVG diagrams: install graphviz"
    return Check("graphviz", OK if found else MISSING, required=False, detail=detail)


def _server(url: str | None, seconds: float) -> Check:
    if url is None:
        detail = "not asked: no --url, and no LIVEKIT_URL"
        return Check("server", MISSING, required=False, detail=detail)
    if urlsplit(url).scheme == "loopback":
        return Check("server", OK, required=False, detail="a loopback is within its own process")
    answer = ask(url, seconds)
    status = OK if answer.reached else FAILED
    return Check("server", status, required=True, detail=f"{public_url(url)} {answer.detail}")
