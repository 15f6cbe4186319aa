"""Checks that ``stores`` is this project's own package, and not one of the same name.

The name is taken on PyPI by an unrelated package, and any local ``stores.py`` shadows it. The
package is looked up, not loaded: it brings reactivex, which only a session needs.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def _check(found: str | None) -> None:
    own = Path(__file__).resolve().parent.parent / "stores" / "__init__.py"
    if found is not None and Path(found).resolve() == own:
        return
    raise ImportError(
        f"session_fsm needs its own package 'stores' at {own}, but 'import stores' would find "
        f"{found or 'nothing, or a folder without an __init__.py'}{_distribution()}. Rename or "
        "uninstall that one, then reinstall session-fsm."
    )


def _distribution() -> str:
    # Looked up only for the error: it would cost half of the whole import.
    from importlib.metadata import packages_distributions  # noqa: PLC0415

    owners = set(packages_distributions().get("stores", [])) - {"session-fsm"}
    return f" (of the distribution {', '.join(sorted(owners))})" if owners else ""


_spec = find_spec("stores")
_check(_spec.origin if _spec else None)
