"""When two values count as the same."""

from __future__ import annotations


def same(old: object, new: object) -> bool:
    """Tell whether to commit ``new`` would change nothing.

    Identity counts first, then ``==``. What does not answer ``==`` with a bool (a numpy array), or
    raises, is the same only as itself.
    """
    if old is new:
        return True
    try:
        return (old == new) is True
    except Exception:  # noqa: BLE001 - the values belong to somebody else
        return False
