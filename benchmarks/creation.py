"""What a session costs before it is started: time, and memory.

Run: python benchmarks/creation.py
"""

import tracemalloc

from ratios import Way, compare
from reactivex.subject import BehaviorSubject

from session_fsm import Session, TokenSource
from session_fsm.snapshot import SessionSnapshot
from stores import WritableStore

SOURCE = TokenSource.loopback()
MANY = 1000


def making(make: object) -> Way:
    def run(times: int) -> None:
        for _ in range(times):
            make()  # type: ignore[operator]

    return run


def kib_each(make: object) -> float:
    tracemalloc.start()
    kept = [make() for _ in range(MANY)]  # type: ignore[operator]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return size / MANY / 1024


def observed() -> Session:
    """A session as a user interface has it: a dozen stores subscribed."""
    session = Session(SOURCE)
    for store in (
        session.state,
        session.connection_state,
        session.failure,
        session.messages,
        session.agent.state,
        session.agent.can_listen,
        session.agent.is_finished,
        session.agent.is_pending,
        session.agent.name,
        session.agent.attributes,
        session.agent.microphone_track,
        session.agent.is_responsive,
    ):
        store.subscribe(lambda _: None)
    return session


WAYS = {
    "BehaviorSubject of reactivex": lambda: BehaviorSubject(SessionSnapshot()),
    "WritableStore": lambda: WritableStore(SessionSnapshot()),
    "Session": lambda: Session(SOURCE),
    "Session with 12 stores subscribed": observed,
}

if __name__ == "__main__":
    compare("Making one", {name: making(make) for name, make in WAYS.items()}, times=500)
    print(f"\nMemory of one (mean of {MANY}, tracemalloc)")
    for name, make in WAYS.items():
        print(f"  {name:<48} {kib_each(make):9.2f} KiB")
