"""Tk where it cannot wait for a pipe, as on Windows."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

from adapters.toolkits import Toolkit, on_tk
from stores import tk_calls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def running() -> AsyncIterator[Toolkit]:
    with patch.object(tk_calls, "WAITS_FOR_PIPES", new=False):
        async with on_tk.running() as toolkit:
            yield toolkit
