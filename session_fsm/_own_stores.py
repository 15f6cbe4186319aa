"""Checks that ``stores`` is this project's own package, and not one of the same name.

The name is taken on PyPI by an unrelated package, and any local ``stores.py`` shadows it.
"""

from __future__ import annotations

from pathlib import Path

import stores


def _check(found: str | None) -> None:
    own = Path(__file__).resolve().parent.parent / "stores" / "__init__.py"
    if found is not None and Path(found).resolve() == own:
        return
    raise ImportError(
        f"session_fsm needs its own package 'stores' at {own}, but 'import stores' found "
        f"{found or 'a namespace package without files'}{_distribution()}. Rename or uninstall "
        "that one, then reinstall session-fsm."
    )


def _distribution() -> str:
    # Looked up only for the error: it would cost half of the whole import.
    from importlib.metadata import packages_distributions  # noqa: PLC0415

    owners = set(packages_distributions().get("stores", [])) - {"session-fsm"}
    return f" (of the distribution {', '.join(sorted(owners))})" if owners else ""


_check(stores.__file__)
