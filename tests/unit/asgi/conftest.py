"""Everything here runs in virtual time: no test waits for a clock."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from session_fsm.testing import virtual_loop


@pytest.hookimpl
def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual": virtual_loop}
