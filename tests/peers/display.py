"""A screen that nobody sees."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def invisible_screen(width: int, height: int, *needed: str) -> Iterator[str]:
    """Yield the name of a new X display of that size; skip the test where that cannot be.

    Args:
        width: In pixels.
        height: In pixels.
        needed: Programs, besides Xvfb, that the test needs.
    """
    for program in ("Xvfb", *needed):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: apt install xvfb x11-xserver-utils")
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24"]
    command += ["-nolisten", "tcp", "-noreset"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, pass_fds=[writing], stdout=quiet, stderr=quiet) as server:  # noqa: S603
        os.close(writing)
        try:
            with os.fdopen(reading) as told:
                number = told.readline().strip()
            if not number:
                pytest.skip("Xvfb does not start here")
            yield f":{number}"
        finally:
            server.terminate()
