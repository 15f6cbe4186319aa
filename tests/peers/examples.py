"""The programs in ``examples/``, as modules."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

FOLDER: Final = Path(__file__).parents[2] / "examples"


def example(name: str) -> Any:
    """Import one of them; nothing of it is run that a user would run."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", FOLDER / f"{name}.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(name)
    module = importlib.util.module_from_spec(spec)
    with patch.object(sys, "argv", [str(FOLDER / f"{name}.py")]):
        spec.loader.exec_module(module)
    return module
