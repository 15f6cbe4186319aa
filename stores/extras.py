"""What is said where a toolkit is missing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def needed_for(module: str, package: str, how: str) -> Generator[None]:
    """Say how to get a package that an import in this block does not find.

    Args:
        module: Who imports.
        package: The top-level name that may be missing.
        how: What brings it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        raise ModuleNotFoundError(f"{module} needs {package}: {how}", name=error.name) from None
