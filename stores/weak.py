"""A subscription that does not keep its object alive."""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakMethod

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactivex.abc import DisposableBase

T = TypeVar("T")


class WeakCallback(Generic[T]):
    """Calls a bound method while its object lives, and unsubscribes when it is gone."""

    __slots__ = ("_method", "subscription")

    def __init__(self, method: Callable[[T], object]) -> None:
        if not isinstance(method, MethodType):
            raise TypeError(
                f"subscribe_weak() takes a bound method, like widget.refresh, not {method!r}: "
                "nothing else would keep a lambda or a nested function alive. Use subscribe()"
            )
        try:
            self._method: WeakMethod[Callable[[T], object]] = WeakMethod(method, self._forget)
        except TypeError as error:
            raise TypeError(
                f"{type(method.__self__).__name__} objects cannot be referenced weakly: add "
                "'__weakref__' to __slots__, or use subscribe()"
            ) from error
        self.subscription: DisposableBase | None = None

    def __call__(self, value: T) -> None:
        """Pass the value on, if the object is still there."""
        method = self._method()
        if method is not None:
            method(value)

    @property
    def __wrapped__(self) -> Callable[[T], object] | None:
        """The method itself, for those who look for a name."""
        return self._method()

    def _forget(self, _: Any) -> None:
        if self.subscription is not None:
            self.subscription.dispose()
