"""WAV files: one to speak from, one to record what is heard."""

from __future__ import annotations

import wave
from contextlib import aclosing, asynccontextmanager
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from session_fsm.errors import MediaError
from session_fsm.media.frames import SAMPLE_BYTES, AudioFrame
from session_fsm.media.pace import FRAME_SECONDS, paced
from session_fsm.media.synthetic import silence

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator


class WavInput:
    """A WAV file of 16-bit PCM, spoken at its own pace; after its end there is silence.

    Each time that it is opened it begins at the beginning.

    Args:
        path: The file.
        loop: Begin again after the end, instead of being silent.
    """

    def __init__(self, path: str | os.PathLike[str], *, loop: bool = False) -> None:
        self._path = Path(path)
        self._loop = loop
        self.name = self._path.name

    def __repr__(self) -> str:
        return f"<WavInput {self.name}>"

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[AudioFrame], None]:
        """Open the file.

        Raises:
            MediaError: There is no such file, it may not be read, or it is no WAV of 16-bit PCM.
        """
        with self._opened() as file:
            sound = self._frames(file)
            if not self._loop:
                sound = chain(sound, silence(file.getframerate(), file.getnchannels()))
            async with aclosing(paced(sound)) as frames:
                yield frames

    def _opened(self) -> wave.Wave_read:
        name = str(self._path)
        try:
            file = wave.open(name, "rb")  # noqa: SIM115 - closed by open()
        except FileNotFoundError as error:
            raise MediaError(f"There is no file {name!r}.", kind="not-found") from error
        except PermissionError as error:
            raise MediaError(f"{name!r} may not be read.", kind="permission-denied") from error
        except (OSError, EOFError, wave.Error) as error:
            raise MediaError(
                f"{name!r} cannot be read as a WAV file: {str(error) or 'it is too short'}. "
                "It must hold 16-bit PCM.",
                kind="other",
            ) from error
        if file.getsampwidth() != SAMPLE_BYTES or not file.getnframes():
            bits, frames = 8 * file.getsampwidth(), file.getnframes()
            file.close()
            raise MediaError(
                f"{name!r} holds {frames} frames of {bits}-bit samples: it must hold 16-bit PCM.",
                kind="other",
            )
        return file

    def _frames(self, file: wave.Wave_read) -> Iterator[AudioFrame]:
        rate, channels = file.getframerate(), file.getnchannels()
        size = max(1, round(rate * FRAME_SECONDS))
        while True:
            while data := file.readframes(size):
                yield AudioFrame(data, rate, channels)
            if not self._loop:
                return
            file.rewind()


class WavOutput:
    """Records what is heard into a WAV file of 16-bit PCM.

    The file is complete at every moment. A second run of the session gets a file of its own:
    ``out.wav``, then ``out-2.wav``.

    Args:
        path: The file; what is there before is overwritten.

    Attributes:
        path: The file that is, or was last, written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.name = self.path.name
        self._paths = self._numbered(self.path)
        self._held: BinaryIO | None = None
        self._wave: wave.Wave_write | None = None

    def __repr__(self) -> str:
        return f"<WavOutput {self.path.name}>"

    @staticmethod
    def _numbered(path: Path) -> Iterator[Path]:
        yield path
        for number in count(2):
            yield path.with_stem(f"{path.stem}-{number}")

    async def open(self) -> None:
        """Begin a file.

        Raises:
            MediaError: It cannot be written.
        """
        path = next(self._paths)
        try:
            self._held = path.open("wb")
        except OSError as error:
            kind = "permission-denied" if isinstance(error, PermissionError) else "other"
            raise MediaError(f"{str(path)!r} cannot be written: {error}.", kind=kind) from error
        self.path = path

    async def write(self, frame: AudioFrame) -> None:
        """Write a frame; all must be of one rate and number of channels."""
        if self._held is not None:
            self._writer(self._held, frame).writeframes(frame.data)

    def _writer(self, held: BinaryIO, like: AudioFrame) -> wave.Wave_write:
        if self._wave is None:
            writer = wave.open(held, "wb")  # noqa: SIM115 - closed by close()
            writer.setsampwidth(SAMPLE_BYTES)
            writer.setnchannels(like.num_channels)
            writer.setframerate(like.sample_rate)
            self._wave = writer
        return self._wave

    def interrupt(self) -> None:
        """Nothing is queued."""

    async def close(self) -> None:
        """End the file."""
        if self._held is not None:
            self._writer(self._held, AudioFrame(b"")).close()
            self._held.close()
            self._held = self._wave = None
