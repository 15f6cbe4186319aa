"""The one lock of this package."""

from __future__ import annotations

import threading
from typing import Final

LOCK: Final = threading.RLock()
"""Makes "read the value and join" one step, and "change the value and see who is there" another.

It is never held while somebody else's code runs, so it cannot deadlock with theirs. The garbage
collector can run a finalizer at any point, and a finalizer may unsubscribe: that is why the lock
can be taken again by its holder, and why there is only one, which leaves no order to get wrong.
"""
