"""A still picture."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from session_fsm.errors import MediaError
from session_fsm.media.frames import VideoFrame
from session_fsm.video.libraries import opencv
from session_fsm.video.pixels import exact_frame

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, AsyncIterator


class ImageInput:
    """A picture that stands still, sent again and again, so that who comes later sees it soon.

    Args:
        picture: A file (PNG, JPEG, and what else OpenCV reads; needs the extra ``video``), or a
            ``VideoFrame``.
        fps: How often in a second it is sent.

    Raises:
        ValueError: fps is not above 0.
    """

    def __init__(self, picture: str | os.PathLike[str] | VideoFrame, *, fps: float = 5.0) -> None:
        if fps <= 0:
            raise ValueError(f"fps must be above 0, not {fps:g}")
        self._picture = picture if isinstance(picture, VideoFrame) else Path(picture)
        self._gap = 1 / fps
        self.name = "picture" if isinstance(self._picture, VideoFrame) else self._picture.name

    def __repr__(self) -> str:
        return f"<ImageInput {self.name}>"

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[VideoFrame], None]:
        """Read the file, each time that it is opened.

        Raises:
            MediaError: There is no such file, it may not be read, it is no picture, or OpenCV is
                not there.
        """
        picture = self._picture
        if isinstance(picture, Path):
            picture = await asyncio.to_thread(picture_in, picture)
        async with aclosing(self._frames(picture)) as frames:
            yield frames

    async def _frames(self, picture: VideoFrame) -> AsyncGenerator[VideoFrame, None]:
        while True:
            yield picture
            await asyncio.sleep(self._gap)


def picture_in(path: Path) -> VideoFrame:
    """Return the picture that a file holds.

    Raises:
        MediaError: It has none, may not be read, or OpenCV is not there.
    """
    cv2 = opencv()
    import numpy as np  # noqa: PLC0415 - only who reads a file needs it

    name = str(path)
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except FileNotFoundError as error:
        raise MediaError(f"There is no file {name!r}.", kind="not-found") from error
    except PermissionError as error:
        raise MediaError(f"{name!r} may not be read.", kind="permission-denied") from error
    except OSError as error:
        raise MediaError(f"{name!r} cannot be read: {error}.", kind="other") from error
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if pixels is None:
        raise MediaError(f"{name!r} is no picture that OpenCV can read.", kind="other")
    return exact_frame(cv2, pixels)
