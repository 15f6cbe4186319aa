"""What inputs give and outputs take: short pieces of sound, and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol, Self, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLE_BYTES: Final = 2
"""A sample is a signed 16-bit integer in the machine's order, as in ``livekit.rtc``."""

PixelFormat: TypeAlias = Literal["rgba", "rgb24", "i420"]

PIXEL_BYTES: Final[dict[str, float]] = {"rgba": 4, "rgb24": 3, "i420": 1.5}
"""Format -> bytes of one pixel."""


class AnyAudioFrame(Protocol):
    """What every frame of sound has, ours and ``livekit.rtc.AudioFrame`` alike."""

    @property
    def data(self) -> bytes | bytearray | memoryview:
        """The samples, int16, those of all channels in turn."""
        ...

    @property
    def sample_rate(self) -> int:
        """Samples of one channel in a second, in Hz."""
        ...

    @property
    def num_channels(self) -> int:
        """How many channels there are."""
        ...


def pieces(data: bytes, samples: int) -> Iterator[bytes]:
    """Cut sound into pieces of so many samples, all channels counted; the last may be shorter."""
    size = samples * SAMPLE_BYTES
    return (data[start : start + size] for start in range(0, len(data), size))


@attrs.frozen
class AudioFrame:
    """A short piece of sound.

    Attributes:
        data: The samples, int16, those of all channels in turn.
        sample_rate: Samples of one channel in a second, in Hz.
        num_channels: How many channels there are.

    Raises:
        ValueError: The data are no whole number of samples, or the rate or channels are below 1.
    """

    data: bytes = attrs.field(repr=lambda data: f"<{len(data)} bytes>")
    sample_rate: int = 48_000
    num_channels: int = 1

    def __attrs_post_init__(self) -> None:
        if self.sample_rate < 1 or self.num_channels < 1:
            raise ValueError("sample_rate and num_channels must be 1 or more")
        if len(self.data) % (SAMPLE_BYTES * self.num_channels):
            raise ValueError(
                f"{len(self.data)} bytes are no whole number of int16 samples in "
                f"{self.num_channels} channel(s)"
            )

    @classmethod
    def of(cls, frame: AnyAudioFrame) -> AudioFrame:
        """Return a frame of any library as one of ours."""
        if isinstance(frame, cls):
            return frame
        return cls(bytes(frame.data), frame.sample_rate, frame.num_channels)

    @classmethod
    def silence(cls, seconds: float, sample_rate: int = 48_000, num_channels: int = 1) -> Self:
        """Return so many seconds of nothing."""
        samples = round(seconds * sample_rate) * num_channels
        return cls(bytes(samples * SAMPLE_BYTES), sample_rate, num_channels)

    @property
    def samples_per_channel(self) -> int:
        """How many samples each channel has."""
        return len(self.data) // (SAMPLE_BYTES * self.num_channels)

    @property
    def duration(self) -> float:
        """How long it is, in seconds."""
        return self.samples_per_channel / self.sample_rate


@attrs.frozen
class VideoFrame:
    """A picture.

    Attributes:
        data: The pixels, row by row, without padding; for ``i420`` the three planes.
        width: In pixels.
        height: In pixels.
        format: How a pixel is written.

    Raises:
        ValueError: The data are not as long as width, height and format say.
    """

    data: bytes = attrs.field(repr=lambda data: f"<{len(data)} bytes>")
    width: int
    height: int
    format: PixelFormat = "rgba"

    def __attrs_post_init__(self) -> None:
        if self.format not in PIXEL_BYTES:
            raise ValueError(f"format must be one of {', '.join(PIXEL_BYTES)}, not {self.format!r}")
        wanted = round(self.width * self.height * PIXEL_BYTES[self.format])
        if len(self.data) != wanted:
            raise ValueError(
                f"a picture of {self.width} x {self.height} in {self.format} has {wanted} bytes, "
                f"not {len(self.data)}"
            )
