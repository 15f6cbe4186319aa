"""Microphones and loudspeakers of this computer; needs the extra ``audio``.

    >>> from session_fsm import devices
    >>> for device in devices():  # doctest: +SKIP
    ...     print(device.kind, device.id, device.name)

The sound itself goes through PortAudio (by `sounddevice`); echo cancellation, noise suppression and
gain control are WebRTC's own, by ``livekit.rtc.AudioProcessingModule``.
"""
