"""The version, read by the build and by ``session-fsm --version``."""

__version__ = "0.1.0"
