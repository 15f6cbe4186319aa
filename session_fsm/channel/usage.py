"""What a session has used of its models so far."""

from __future__ import annotations

from typing import TypeAlias

import attrs


@attrs.frozen
class LLMUsage:
    """What a language model has used: tokens, and seconds of realtime sessions."""

    provider: str
    model: str
    input_tokens: int = 0
    input_cached_tokens: int = 0
    input_audio_tokens: int = 0
    input_cached_audio_tokens: int = 0
    input_text_tokens: int = 0
    input_cached_text_tokens: int = 0
    input_image_tokens: int = 0
    input_cached_image_tokens: int = 0
    output_tokens: int = 0
    output_audio_tokens: int = 0
    output_text_tokens: int = 0
    session_duration: float = 0.0


@attrs.frozen
class TTSUsage:
    """What a voice has used: tokens, characters, and seconds of audio that it made."""

    provider: str
    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    characters_count: int = 0
    audio_duration: float = 0.0


@attrs.frozen
class STTUsage:
    """What speech recognition has used: tokens, and seconds of audio that it heard."""

    provider: str
    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    audio_duration: float = 0.0


@attrs.frozen
class InterruptionUsage:
    """How often a model was asked whether the user interrupts."""

    provider: str
    model: str
    total_requests: int = 0


@attrs.frozen
class EotUsage:
    """How often a model was asked whether the user's turn is over."""

    provider: str
    model: str
    total_requests: int = 0


ModelUsage: TypeAlias = LLMUsage | TTSUsage | STTUsage | InterruptionUsage | EotUsage


@attrs.frozen
class Usage:
    """What all models of the agent's session have used so far, since it began.

    Attributes:
        models: One entry for each model. Kinds that are not known here are left out.
    """

    models: tuple[ModelUsage, ...] = ()

    @property
    def llm(self) -> tuple[LLMUsage, ...]:
        """Those of language models."""
        return tuple(one for one in self.models if isinstance(one, LLMUsage))

    @property
    def tts(self) -> tuple[TTSUsage, ...]:
        """Those of voices."""
        return tuple(one for one in self.models if isinstance(one, TTSUsage))

    @property
    def stt(self) -> tuple[STTUsage, ...]:
        """Those of speech recognition."""
        return tuple(one for one in self.models if isinstance(one, STTUsage))

    def to_dict(self) -> list[dict[str, object]]:
        """Return it as JSON-able data."""
        return [{"kind": type(one).__name__, **attrs.asdict(one)} for one in self.models]
