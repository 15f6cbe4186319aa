"""Messages that only a real agent makes: interrupted, in two forms at once, encrypted."""

import asyncio
import json
import math
from array import array

from livekit import rtc

from contract.calls import PATIENCE, converse, said, texts, until
from contract.sides import LONG, LiveKitSide
from peers.hand import HandClient
from session_fsm import Session
from session_fsm.channel.items import ChatMessage
from session_fsm.transports.livekit import LiveKitTransport

KEY = "a passphrase for the test"
SAMPLE_RATE = 48_000


async def test_an_interrupted_speech_shows_what_was_spoken(side: LiveKitSide) -> None:
    async with asyncio.timeout(90), Session(side.source()) as session:
        await session.start()
        await session.send("!long")
        await session.wait_until(lambda now: "word6 " in now.messages[-1].text, PATIENCE)
        await session.send("hello")
        now = await session.wait_until(
            lambda now: any(one.interrupted for one in now.messages), PATIENCE
        )
        (cut,) = [one for one in now.messages if one.interrupted]
        items = await session.agent.chat_history()
        (item,) = [one for one in items if isinstance(one, ChatMessage) and one.interrupted]
        assert cut.text.split() == item.text.split()
        assert LONG.startswith(" ".join(cut.text.split()))
        assert cut.final
        await said(session, "echo: hello")
        assert sum(one.interrupted for one in session.messages.value) == 1


async def test_what_comes_in_two_forms_shows_once(side: LiveKitSide) -> None:
    """LiveKit's JavaScript client sends each text twice, and the agent each transcript."""
    room = side.fresh_room()
    async with asyncio.timeout(90), Session(side.source(room)) as session:
        await session.start()
        assert session.room is not None
        packets: list[str] = []
        transcripts: list[object] = []
        session.room.on("data_received", lambda packet: packets.append(packet.topic))
        session.room.on("transcription_received", lambda *_: transcripts.append(1))
        token = side.stack.server.token(room, "guest", name="Gus")
        async with await HandClient.join(side.stack.url, token) as guest:
            there = session.room.remote_participants
            await until(lambda: "guest" in there)  # who publishes nothing shows up late
            await guest.room.local_participant.send_text("both forms", topic="lk.chat")
            old = {"id": "1", "timestamp": 0, "message": "both forms", "ignoreLegacy": False}
            await guest.room.local_participant.publish_data(json.dumps(old), topic="lk-chat-topic")
            message = await said(session, "both forms")
            await until(lambda: "lk-chat-topic" in packets)
            await converse(session, "once")
            await until(lambda: bool(transcripts))
        assert (message.sender, message.sender_name) == ("guest", "Gus")
        assert texts(session) == ["both forms", "once", "echo: once"]


async def test_an_encrypted_transcript_of_the_user_is_the_users(side: LiveKitSide) -> None:
    """It arrives under the agent's identity: only the track tells whose words they are."""
    keys = rtc.KeyProviderOptions(shared_key=KEY.encode())
    options = rtc.RoomOptions(encryption=rtc.E2EEOptions(key_provider_options=keys))
    senders: list[str] = []
    session = Session(side.source(key=KEY), transport=LiveKitTransport(options))
    async with asyncio.timeout(120), session:
        session.text_streams("lk.transcription").subscribe(
            lambda stream: senders.append(stream.info.sender)
        )
        await session.start()
        await converse(session)
        assert session.room is not None
        source = rtc.AudioSource(SAMPLE_RATE, 1, queue_size_ms=100)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        wanted = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await session.room.local_participant.publish_track(track, wanted)
        await session.wait_until(lambda now: bool(now.local.tracks), PATIENCE)
        talking = asyncio.create_task(talk(source))
        try:
            now = await session.wait_until(
                lambda now: any(
                    one.kind == "user-transcript" and one.final for one in now.messages
                ),
                PATIENCE,
            )
        finally:
            talking.cancel()
        await source.aclose()
        heard = [one for one in now.messages if one.kind == "user-transcript"]
        assert {one.sender for one in heard} == {"user"}
        assert all(one.text.startswith("heard ") for one in heard)
        assert set(senders) == {session.agent.identity.value}, "so the wire says"


async def talk(source: rtc.AudioSource) -> None:
    """A second of a loud tone, then silence."""
    samples = SAMPLE_RATE // 100
    tone = array("h", (int(9000 * math.sin(n / 20)) for n in range(samples))).tobytes()
    for number in range(1000):
        frame = rtc.AudioFrame(tone if number < 100 else bytes(len(tone)), SAMPLE_RATE, 1, samples)
        await source.capture_frame(frame)
