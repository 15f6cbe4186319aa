"""``import session_fsm`` beside importing the libraries that it is made of, in new interpreters.

Run: python benchmarks/import_time.py
"""

import subprocess
import sys
from statistics import median
from time import perf_counter

ROUNDS = 15
WAYS = {
    "python alone": "pass",
    "import reactivex, transitions, attrs": "import reactivex, transitions, attrs",
    "import session_fsm": "import session_fsm",
    "from session_fsm import Session, TokenSource": "from session_fsm import Session, TokenSource",
}


def seconds(program: str) -> float:
    began = perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - programs from above
    return perf_counter() - began


if __name__ == "__main__":
    taken: dict[str, list[float]] = {name: [] for name in WAYS}
    for program in WAYS.values():
        seconds(program)
    for _ in range(ROUNDS):
        for name, program in WAYS.items():
            taken[name].append(seconds(program))
    alone = taken["python alone"]
    base = [
        one - zero
        for one, zero in zip(taken["import reactivex, transitions, attrs"], alone, strict=True)
    ]
    print(f"Import time beyond the interpreter's own (median of {ROUNDS} rounds)")
    for name, times in taken.items():
        own = [one - zero for one, zero in zip(times, alone, strict=True)]
        ratio = median(mine / theirs for mine, theirs in zip(own, base, strict=True))
        print(f"  {name:<48} {median(own) * 1e3:9.1f} ms  {ratio:6.2f} x")
