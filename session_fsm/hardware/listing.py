"""Which microphones, loudspeakers and cameras there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.errors import MediaError
from session_fsm.hardware.device import KINDS, Device, DeviceKind, checked_kinds

if TYPE_CHECKING:
    from collections.abc import Iterator


def devices(kind: DeviceKind | None = None) -> tuple[Device, ...]:
    """Return the microphones, loudspeakers and cameras that there are at this moment.

    It may take a second: every device is asked. Of PortAudio's own devices they are those that
    there were when this program first used sound; ``watch_devices()`` knows of later ones.

    Args:
        kind: Only those of this kind; None: all that can be listed. Microphones and loudspeakers
            need the extra ``audio`` and the PortAudio library, cameras the extra ``video``.

    Raises:
        MediaError: What is needed to list them is not there; where all are asked for, nothing of it
            is.
        ValueError: There is no such kind.
    """
    found, missing = listed(kind)
    if missing and (kind is not None or len(missing) == len(KINDS)):
        raise missing[0]
    return found


def listed(kind: DeviceKind | None = None) -> tuple[tuple[Device, ...], list[MediaError]]:
    """Return what there is, and for each kind that cannot be listed, why.

    Raises:
        ValueError: There is no such kind.
    """
    found: list[Device] = []
    missing: list[MediaError] = []
    for one in checked_kinds(kind):
        try:
            found += _of(one)
        except MediaError as error:
            missing.append(error)
    return tuple(found), missing


def _of(kind: DeviceKind) -> Iterator[Device]:
    if kind == "camera":
        from session_fsm.video.listing import cameras  # noqa: PLC0415 - only what is asked for

        return cameras()
    from session_fsm.audio.listing import sound_devices  # noqa: PLC0415 - the same

    return sound_devices(kind)
