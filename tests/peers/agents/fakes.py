"""A language model, a voice and an ear for the test agent: no models, no network."""

import array
import math
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable
from functools import partial

import channel
from livekit import rtc
from livekit.agents import Agent, APIError, ModelSettings, llm, stt, tts
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions

SAMPLE_RATE = 24_000
SECONDS_PER_WORD = 0.1
LONG_REPLY = " ".join(f"word{n}" for n in range(1, 61))
LOUD = 500  # mean amplitude (int16) from which the ear hears speech
INTERIM_SECONDS = 0.1
"""As a service that recognises speech: it does not tell of each piece of what comes at once."""
QUIET_SECONDS = 0.3


def reply_to(text: str) -> str:
    return LONG_REPLY if text in {"!long", "!interrupt"} else f"echo: {text}"


class EchoLLM(llm.LLM):
    """Answers with the user's last words."""

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        **_: object,
    ) -> llm.LLMStream:
        return _EchoStream(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class _EchoStream(llm.LLMStream):
    async def _run(self) -> None:
        if call := channel.call_of(self._chat_ctx):
            delta = llm.ChoiceDelta(role="assistant", tool_calls=[call])
            self._event_ch.send_nowait(llm.ChatChunk(id="echo", delta=delta))
            return
        users = [m for m in self._chat_ctx.messages() if m.role == "user"]
        text = users[-1].text_content or "" if users else ""
        if text == "!error":
            raise APIError("the model broke", retryable=False)
        words = (channel.output_of(self._chat_ctx) or reply_to(text)).split(" ")
        for n, word in enumerate(words):
            delta = llm.ChoiceDelta(role="assistant", content=word if n == 0 else f" {word}")
            self._event_ch.send_nowait(llm.ChatChunk(id="echo", delta=delta))
        spent, got = len(words), len(users)
        used = llm.CompletionUsage(
            completion_tokens=spent, prompt_tokens=got, total_tokens=spent + got
        )
        self._event_ch.send_nowait(llm.ChatChunk(id="echo", usage=used))


class ToneTTS(tts.TTS):
    """Says every text as a quiet tone that is as long as its words."""

    def __init__(self) -> None:
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=False),
            sample_rate=SAMPLE_RATE,
            num_channels=1,
        )

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        return _Tone(tts=self, input_text=text, conn_options=conn_options)


class _Tone(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        seconds = SECONDS_PER_WORD * max(1, len(self.input_text.split()))
        output_emitter.initialize(
            request_id="tone", sample_rate=SAMPLE_RATE, num_channels=1, mime_type="audio/pcm"
        )
        step = 2 * math.pi * 440 / SAMPLE_RATE
        wave = (int(1000 * math.sin(step * n)) for n in range(int(seconds * SAMPLE_RATE)))
        output_emitter.push(array.array("h", wave).tobytes())
        output_emitter.flush()


class Ear(stt.STT):
    """Never asked: it is here because an agent's own `stt_node` is ignored without one."""

    def __init__(self) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=True, interim_results=True))

    async def _recognize_impl(self, *_: object, **__: object) -> stt.SpeechEvent:
        raise NotImplementedError


class EchoAgent(Agent):
    """Hears loud audio as "heard 1.2s" and says everything back."""

    def __init__(
        self, name: str = "echo_agent", heard: Callable[[float, float], None] | None = None
    ) -> None:
        self._heard = heard
        other = partial(EchoAgent, "other_agent", heard)
        super().__init__(id=name, instructions="Say it back.", tools=channel.tools(other))

    async def stt_node(
        self, audio: AsyncIterable[rtc.AudioFrame], model_settings: ModelSettings
    ) -> AsyncIterator[stt.SpeechEvent]:
        loud = quiet = told = 0.0
        closely = Closely()
        async for frame in audio:
            samples = array.array("h", bytes(frame.data))
            closely.hear(samples, frame.sample_rate)
            if sum(map(abs, samples[::8])) / max(1, len(samples[::8])) >= LOUD:
                if not loud:
                    yield stt.SpeechEvent(type=stt.SpeechEventType.START_OF_SPEECH)
                loud, quiet = loud + frame.duration, 0.0
                if time.monotonic() - told >= INTERIM_SECONDS:
                    told = time.monotonic()
                    yield _heard(stt.SpeechEventType.INTERIM_TRANSCRIPT, loud)
            elif loud:
                quiet += frame.duration
                if quiet >= QUIET_SECONDS:
                    if self._heard is not None:
                        self._heard(closely.loud, closely.gap)
                    closely = Closely()
                    yield _heard(stt.SpeechEventType.FINAL_TRANSCRIPT, loud)
                    yield stt.SpeechEvent(
                        type=stt.SpeechEventType.END_OF_SPEECH, speech_end_time=time.time()
                    )
                    loud = quiet = 0.0


class Closely:
    """How long it was loud, from the first to the last, and the longest gap in between."""

    def __init__(self) -> None:
        self.loud = 0.0
        self.gap = 0.0
        self._quiet = 0.0

    def hear(self, samples: "array.array[int]", rate: int) -> None:
        size = rate // 200  # 5 ms
        for start in range(0, len(samples), size):
            block = samples[start : start + size]
            seconds = len(block) / rate
            if sum(map(abs, block)) / len(block) >= LOUD:
                if self.loud:
                    self.gap = max(self.gap, self._quiet)
                    self.loud += self._quiet
                self.loud += seconds
                self._quiet = 0.0
            else:
                self._quiet += seconds


def _heard(kind: stt.SpeechEventType, seconds: float) -> stt.SpeechEvent:
    said = stt.SpeechData(language="en", text=f"heard {seconds:.1f}s", confidence=1.0)
    return stt.SpeechEvent(type=kind, alternatives=[said])
