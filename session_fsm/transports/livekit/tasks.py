"""Tasks of the SDK that go on by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


def error_of(task: asyncio.Task[None]) -> BaseException | None:
    """Ask for the error, also where nobody wants it: asyncio prints it otherwise."""
    return None if task.cancelled() else task.exception()
