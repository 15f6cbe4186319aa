"""What a device is, whatever it is good for."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

import attrs

from session_fsm.errors import MediaError

DeviceKind: TypeAlias = Literal["input", "output", "camera"]

KINDS: Final[tuple[DeviceKind, ...]] = get_args(DeviceKind)


@attrs.frozen
class Device:
    """A microphone, a loudspeaker or a camera.

    Attributes:
        id: Stays the same while the computer has it, from one program to the next.
        name: What people call it.
        kind: ``"input"`` (a microphone), ``"output"`` (a loudspeaker) or ``"camera"``.
        is_default: It is what is used where no other is asked for.
    """

    id: str
    name: str
    kind: DeviceKind
    is_default: bool = False


def checked_kinds(kind: DeviceKind | None) -> tuple[DeviceKind, ...]:
    """Return the kinds that are asked for; None stands for all.

    Raises:
        ValueError: There is no such kind.
    """
    if kind is None:
        return KINDS
    if kind not in KINDS:
        raise ValueError(f"kind must be {', '.join(map(repr, KINDS))} or None, not {kind!r}")
    return (kind,)


def name_of(wanted: Device | str | None, default: str) -> str:
    """Return what people call a device; its id where only that is known."""
    return wanted.name if isinstance(wanted, Device) else wanted or default


def id_of(wanted: Device | str) -> str:
    """Return its id."""
    return wanted.id if isinstance(wanted, Device) else wanted


def no_such_device(kind: DeviceKind, wanted: Device | str) -> MediaError:
    """Return what is said where a device is not, or not any more."""
    what = "camera" if kind == "camera" else f"{kind} device"
    return MediaError(
        f"There is no {what} {id_of(wanted)!r}. Look at session_fsm.devices() for what there "
        "is: it may have been unplugged.",
        kind="not-found",
    )
