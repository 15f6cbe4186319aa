"""Tk where it cannot wait for a pipe, as on Windows."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

import stores.tk
from adapters.toolkits import Toolkit, on_tk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def running() -> AsyncIterator[Toolkit]:
    with patch.object(stores.tk, "WAITS_FOR_PIPES", new=False):
        async with on_tk.running() as toolkit:
            yield toolkit
