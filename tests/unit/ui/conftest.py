"""Everything here runs in virtual time: no test waits for a clock."""

import asyncio
from collections.abc import Callable, Iterator, Mapping

import pytest

from session_fsm.testing import virtual_loop


@pytest.hookimpl
def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual": virtual_loop}


@pytest.fixture(autouse=True)
def no_observer_failed(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What an observer raises is logged and goes no further: here it fails the test."""
    yield
    failed = [one.getMessage() for one in caplog.get_records("call") if one.name == "stores"]
    assert failed == []
