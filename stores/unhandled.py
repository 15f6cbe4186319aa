"""What is known about an error in somebody else's callback."""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from types import FrameType

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 120

_PASSED_BY = {"stores", "reactivex"}


Role: TypeAlias = Literal["observer", "completion", "selector", "update"]


class Unhandled(NamedTuple):
    """Which callback failed, on which value, and who had started it; ``str()`` is a sentence.

    Attributes:
        role: What the callback was there for.
        callback: What was called and raised.
        value: The value that it was called with; None for a completion, which has none.
        origin: The file and line of the write, subscription or read during which it failed.
    """

    role: Role
    callback: Callable[..., object]
    value: object
    origin: str

    def __str__(self) -> str:
        value = "" if self.role == "completion" else f" on the value {_SHORT.repr(self.value)}"
        return f"{self.role} {_name(self.callback)} failed{value}; called from {self.origin}"


OnUnhandled: TypeAlias = Callable[[BaseException, Unhandled], object]
"""Gets the error of a callback, and what is known about it."""


def origin_of(error: BaseException) -> str:
    """Find the line that called into this package; looked up when something failed, never before.

    Args:
        error: An error that is being handled, so that its traceback begins in this package.
    """
    traceback = error.__traceback__
    frame: FrameType | None = traceback.tb_frame if traceback else None
    while frame is not None and _package(frame) in _PASSED_BY:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "an unknown place"


def _package(frame: FrameType) -> str:
    name: str = frame.f_globals.get("__name__", "")
    return name.partition(".")[0]


def _name(callback: Callable[..., object]) -> str:
    target: Any = inspect.unwrap(callback)
    code = getattr(target, "__code__", None)
    where = f" ({Path(code.co_filename).name}:{code.co_firstlineno})" if code else ""
    return f"{getattr(target, '__qualname__', None) or _SHORT.repr(target)}{where}"
