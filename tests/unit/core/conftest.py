"""Time is virtual here: no test waits for a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from session_fsm.testing import virtual_loop

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping


@pytest.hookimpl
def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual": virtual_loop}
