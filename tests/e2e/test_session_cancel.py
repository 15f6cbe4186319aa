"""`start()` given up on a real server, watched from outside: the process must live on."""

import asyncio
from collections.abc import Callable

import pytest

from peers.fixtures import Stack


async def test_starts_cancelled_at_thirty_moments(stack: Stack, script: Callable[..., str]) -> None:
    said = await asyncio.to_thread(script, "cancelled_starts.py", stack.url, 30, 20)
    assert "of 30, joined" in said
    assert "anic" not in said


@pytest.mark.parametrize("how", ["cancel", "end"])
async def test_a_server_that_never_answers(
    stack: Stack, script: Callable[..., str], how: str
) -> None:
    said = await asyncio.to_thread(script, "black_hole.py", how, stack.url, 3)
    assert f"{how} took" in said
    assert "anic" not in said
    assert "Traceback" not in said
    assert "never retrieved" not in said


async def test_a_program_that_ends_while_a_server_never_answers(
    stack: Stack, script: Callable[..., str]
) -> None:
    said = await asyncio.to_thread(script, "black_hole.py", "leave")
    assert "leave took" in said
    assert "Traceback" not in said
