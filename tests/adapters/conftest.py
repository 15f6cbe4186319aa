"""One user interface of each kind that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.elsewhere import Elsewhere
from peers.display import invisible_screen

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """The name of a screen of 1280 x 800 that nobody sees."""
    with invisible_screen(1280, 800) as name:
        yield name


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """A thread that is not the user interface's."""
    with Elsewhere() as thread:
        yield thread
