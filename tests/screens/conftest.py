"""Where the pictures go: to the folder that SESSION_FSM_SCREENSHOTS names, docs/pictures say."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(os.environ.get("SESSION_FSM_SCREENSHOTS") or tmp_path)
