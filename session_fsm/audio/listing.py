"""Which microphones and loudspeakers there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from session_fsm.audio.portaudio import portaudio
from session_fsm.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Iterator

DeviceKind: TypeAlias = Literal["input", "output"]


@attrs.frozen
class Device:
    """A microphone or a loudspeaker.

    Attributes:
        id: Stays the same while the computer has it, from one program to the next.
        name: What people call it.
        kind: ``"input"`` or ``"output"``.
        is_default: It is the system's choice.
    """

    id: str
    name: str
    kind: DeviceKind
    is_default: bool = False


def devices(kind: DeviceKind | None = None) -> tuple[Device, ...]:
    """Return the microphones and loudspeakers that there are at this moment.

    Args:
        kind: Only those of this kind; None: all.

    Raises:
        MediaError: The extra ``audio``, or the PortAudio library, is not there.
        ValueError: There is no such kind.
    """
    if kind not in {None, "input", "output"}:
        raise ValueError(f"kind must be 'input', 'output' or None, not {kind!r}")
    return tuple(device for device, _ in listed() if kind in {None, device.kind})


def listed() -> Iterator[tuple[Device, int]]:
    """Yield each device, and PortAudio's number of it, which another start may change."""
    sound: Any = portaudio()
    hosts = [str(host["name"]) for host in sound.query_hostapis()]
    seen: dict[str, int] = {}
    found: list[dict[str, Any]] = list(sound.query_devices())
    kinds: tuple[DeviceKind, ...] = ("input", "output")
    for place, kind in enumerate(kinds):
        default = sound.default.device[place]
        if default < 0 and hosts:
            default = sound.query_hostapis(0)[f"default_{kind}_device"]
        for number, one in enumerate(found):
            if one[f"max_{kind}_channels"] < 1:
                continue
            name = str(one["name"])
            base = f"{kind}:{hosts[one['hostapi']]}:{name}"
            seen[base] = seen.get(base, 0) + 1
            unique = base if seen[base] == 1 else f"{base}#{seen[base]}"
            yield Device(unique, name, kind, number == default), number


def name_of(wanted: Device | str | None, default: str) -> str:
    """Return what people call a device; its id where only that is known."""
    return wanted.name if isinstance(wanted, Device) else wanted or default


def number_of(wanted: Device | str | None, kind: DeviceKind) -> int | None:
    """Return PortAudio's number of a device; None stands for the system's choice.

    Raises:
        MediaError: There is no such device.
    """
    if wanted is None:
        return None
    device_id = wanted.id if isinstance(wanted, Device) else wanted
    for device, number in listed():
        if device.id == device_id and device.kind == kind:
            return number
    raise MediaError(
        f"There is no {kind} device {device_id!r}. Look at session_fsm.devices() for what there "
        "is: it may have been unplugged.",
        kind="not-found",
    )
