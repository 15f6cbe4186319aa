"""Cameras, the screen and pictures of this computer; needs the extra ``video``.

    >>> from session_fsm import CameraInput, devices
    >>> CameraInput(devices("camera")[0], width=640, height=480)  # doctest: +SKIP
    <CameraInput Integrated Camera>

Cameras and picture files are read by OpenCV, the screen by `mss`.
"""
