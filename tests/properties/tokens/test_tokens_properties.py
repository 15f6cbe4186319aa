from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from session_fsm.errors import TokenError
from session_fsm.redact import redact
from session_fsm.tokens import CachedTokenSource, ConnectionDetails, TokenOptions, TokenSource
from session_fsm.tokens.details import details_from
from session_fsm.tokens.jwt import check, claims, dispatches_agent, is_valid

NOW = 1_000_000

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
times = st.integers(NOW - 200, NOW + 200)


# the first draw of a text builds tables of all of Unicode
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def jwt(payload: object) -> str:
    parts = (json.dumps({"alg": "HS256"}).encode(), json.dumps(payload).encode(), b"signature")
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@patient
@given(times | st.none(), times | st.none())
def test_valid_is_exactly_the_rule(exp: int | None, nbf: int | None) -> None:
    payload = {name: value for name, value in (("exp", exp), ("nbf", nbf)) if value is not None}
    rule = exp is not None and exp - 60 > NOW and (nbf is None or nbf <= NOW)
    assert is_valid(jwt(payload), NOW) is rule


@patient
@given(st.dictionaries(st.sampled_from(["exp", "nbf", "video", "roomConfig"]), json_values))
def test_any_claims_are_judged_without_a_crash(payload: dict[str, Any]) -> None:
    token = jwt(payload)
    assert claims(token) == payload
    assert is_valid(token, NOW) in {True, False}
    assert dispatches_agent(token) in {True, False}
    with suppress(TokenError):
        check(ConnectionDetails("wss://a.test", token), NOW)


@patient
@given(st.text(min_size=1) | st.from_regex(r"[\w-]+\.[\w-]+\.[\w-]*", fullmatch=True))
def test_any_text_is_judged_without_a_crash(text: str) -> None:
    assert is_valid(text, NOW) in {True, False}
    assert dispatches_agent(text) in {True, False}


@patient
@given(st.dictionaries(st.text(), json_values) | json_values)
def test_any_answer_gives_details_or_says_why_not(answer: object) -> None:
    with suppress(TokenError):
        details = details_from(answer, "It")
        assert details.server_url
        assert details.participant_token


@patient
@given(st.text(), st.dictionaries(st.text(), json_values, max_size=3), st.text())
def test_no_token_survives_in_any_text(before: str, payload: dict[str, Any], after: str) -> None:
    token = jwt(payload)
    shown = redact(f"{before}{token}{after}")
    assert token not in shown
    assert token.rpartition(".")[0] not in shown
    assert redact(shown) == shown


class Slow(TokenSource):
    """Answers after a number of turns; knows how many requests ran at once."""

    def __init__(self, turns: int) -> None:
        self.turns = turns
        self.running: Counter[tuple[TokenOptions | None, bool]] = Counter()
        self.most = 0
        self.made = 0

    async def fetch(
        self, options: TokenOptions | None = None, *, force: bool = False
    ) -> ConnectionDetails:
        self.running[options, force] += 1
        self.most = max(self.most, *self.running.values())
        try:
            for _ in range(self.turns):
                await asyncio.sleep(0)
        finally:
            self.running[options, force] -= 1
        self.made += 1
        token = jwt({"exp": 10**11, "jti": self.made, "room": options and options.room_name})
        return ConnectionDetails("wss://a.test", token)


callers = st.tuples(
    st.integers(0, 12),  # starts after so many turns
    st.none() | st.integers(0, 12),  # is cancelled so many turns later
    st.sampled_from(["a", "b"]),
    st.booleans(),
)


@patient
@given(st.lists(callers, max_size=8), st.integers(0, 8))
def test_callers_that_come_and_go_share_requests(
    plan: list[tuple[int, int | None, str, bool]], turns: int
) -> None:
    async def call(
        cached: TokenSource, start: int, stop: int | None, room: str, *, force: bool
    ) -> None:
        for _ in range(start):
            await asyncio.sleep(0)
        task = asyncio.create_task(cached.fetch(TokenOptions(room_name=room), force=force))
        if stop is not None:
            for _ in range(stop):
                await asyncio.sleep(0)
            task.cancel()
        await asyncio.wait({task})
        assert task.cancelled() <= (stop is not None)
        if not task.cancelled():
            assert claims(task.result().participant_token)["room"] == room

    async def main() -> None:
        source = Slow(turns)
        cached = CachedTokenSource(source)
        await asyncio.gather(
            *(call(cached, start, stop, room, force=force) for start, stop, room, force in plan)
        )
        assert source.most <= 1  # never two equal requests at a time
        assert not +source.running
        assert not cached._requests
        assert len(asyncio.all_tasks()) == 1  # and nothing goes on when nobody waits

    asyncio.run(main())
