"""Which microphones and loudspeakers there are, and how PortAudio finds each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from session_fsm.audio.portaudio import portaudio
from session_fsm.audio.pulse import DOORS, name_in, sound_server_devices
from session_fsm.hardware.device import Device, id_of, no_such_device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from session_fsm.hardware.device import DeviceKind

CHOICE: tuple[DeviceKind, ...] = ("input", "output")
"""In the order in which PortAudio tells the system's choice."""


@attrs.frozen
class Place:
    """Where PortAudio finds a device.

    Attributes:
        number: PortAudio's, which another start may change; None: the system's choice.
        behind: The sound server's name of the device, where its number leads to the sound server.
    """

    number: int | None = None
    behind: str | None = None


def sound_devices(kind: DeviceKind) -> Iterator[Device]:
    """Yield the microphones or the loudspeakers.

    Raises:
        MediaError: The extra ``audio``, or the PortAudio library, is not there.
    """
    direct = list(_listed(kind))
    yield from (device for device, _ in direct)
    if _door(direct) is not None:
        yield from sound_server_devices(kind)


def place_of(wanted: Device | str | None, kind: DeviceKind) -> Place:
    """Return where a device is found; None stands for the system's choice.

    Raises:
        MediaError: There is no such device.
    """
    if wanted is None:
        return Place()
    device_id = id_of(wanted)
    direct = list(_listed(kind))
    for device, number in direct:
        if device.id == device_id:
            return Place(number)
    behind, door = name_in(device_id, kind), _door(direct)
    there = {device.id for device in sound_server_devices(kind)} if behind is not None else ()
    if door is not None and device_id in there:
        return Place(door, behind)
    raise no_such_device(kind, wanted)


def _door(direct: list[tuple[Device, int]]) -> int | None:
    """Return PortAudio's number of the sound server."""
    return next((number for device, number in direct if device.name in DOORS), None)


def _listed(kind: DeviceKind) -> Iterator[tuple[Device, int]]:
    sound: Any = portaudio()
    hosts = [str(host["name"]) for host in sound.query_hostapis()]
    seen: dict[str, int] = {}
    default = sound.default.device[CHOICE.index(kind)]
    if default < 0 and hosts:
        default = sound.query_hostapis(0)[f"default_{kind}_device"]
    for number, one in enumerate(sound.query_devices()):
        if one[f"max_{kind}_channels"] < 1:
            continue
        name = str(one["name"])
        base = f"{kind}:{hosts[one['hostapi']]}:{name}"
        seen[base] = seen.get(base, 0) + 1
        unique = base if seen[base] == 1 else f"{base}#{seen[base]}"
        yield Device(unique, name, kind, number == default), number
