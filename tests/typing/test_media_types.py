"""What a type checker sees of devices and inputs."""

from typing import assert_type

from session_fsm import CameraInput, Device, Session, devices, watch_devices
from stores import Store


async def check_what_can_be_sent(session: Session, device: Device) -> None:
    await session.start(microphone=device, camera=CameraInput(device), screen_share=True)
    await session.start(microphone="input:ALSA:default", camera=False)
    await session.local.camera.switch(device.id)
    await session.start(camera=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def check_devices() -> None:
    assert_type(devices("camera"), tuple[Device, ...])
    devices("screen")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    async with watch_devices() as store:
        assert_type(store, Store[tuple[Device, ...]])
