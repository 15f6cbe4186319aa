"""What the user wants of one thing that can be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from session_fsm.media.inputs import MediaInput


@attrs.frozen
class Wish:
    """What is to be sent.

    Attributes:
        source: The input, or None: nothing.
        is_muted: The track is there and nothing is sent on it.
    """

    source: MediaInput | None = attrs.field(default=None, eq=id)
    is_muted: bool = False


NOTHING: Final = Wish()
