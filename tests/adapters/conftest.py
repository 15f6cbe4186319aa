"""One user interface of each kind that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.elsewhere import Elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """A thread that is not the user interface's."""
    with Elsewhere() as thread:
        yield thread
