"""Token sources: where a session gets the server's URL and its token from."""

from session_fsm.tokens.api_key import ApiKeyTokenSource
from session_fsm.tokens.cached import (
    CachedTokenSource,
    MemoryStore,
    StoredToken,
    TokenStore,
    Validator,
)
from session_fsm.tokens.custom import CustomTokenSource
from session_fsm.tokens.details import ConnectionDetails, TokenOptions
from session_fsm.tokens.development import DevelopmentTokenSource
from session_fsm.tokens.endpoint import EndpointTokenSource
from session_fsm.tokens.literal import LiteralTokenSource
from session_fsm.tokens.loopback import LoopbackTokenSource
from session_fsm.tokens.source import TokenSource

__all__ = [
    "ApiKeyTokenSource",
    "CachedTokenSource",
    "ConnectionDetails",
    "CustomTokenSource",
    "DevelopmentTokenSource",
    "EndpointTokenSource",
    "LiteralTokenSource",
    "LoopbackTokenSource",
    "MemoryStore",
    "StoredToken",
    "TokenOptions",
    "TokenSource",
    "TokenStore",
    "Validator",
]
