"""A session for web pages: pure ASGI 3 applications that any ASGI server or framework can mount.

`SessionApp` shows a session to pages and takes their commands; `TokenApp` is a token endpoint in
LiveKit's standard format. Nothing here needs a web framework.
"""

from __future__ import annotations

from session_fsm.asgi.session_app import SessionApp as SessionApp
from session_fsm.asgi.token_app import TokenApp as TokenApp
from session_fsm.asgi.web_limits import WebLimits as WebLimits

__all__ = ["SessionApp", "TokenApp", "WebLimits"]
