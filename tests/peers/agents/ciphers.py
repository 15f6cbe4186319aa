"""What the test agent encrypts with.

In the metadata of the dispatch `key` is a passphrase for all, `hex` bytes for all, and `keys` the
passphrase of every identity, the agent's own under `agent`. The RPC method `key` takes
`{"add": passphrase, "index": n}` and `{"use": n}`.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from livekit import rtc


def encryption(wanted: dict[str, Any]) -> rtc.E2EEOptions | None:
    if not {"key", "hex", "keys"} & wanted.keys():
        return None
    options = rtc.KeyProviderOptions()
    if key := wanted.get("key"):
        options.shared_key = key.encode()
    if key := wanted.get("hex"):
        options.shared_key = bytes.fromhex(key)
        options.key_derivation_function = rtc.KeyDerivationFunction.HKDF
    return rtc.E2EEOptions(key_provider_options=options)


def set_keys(room: rtc.Room, wanted: dict[str, Any]) -> None:
    for identity, key in wanted.get("keys", {}).items():
        whose = room.local_participant.identity if identity == "agent" else identity
        _provider(room).set_key(whose, key.encode(), 0)


def key_method(room: rtc.Room, first: str) -> Callable[[rtc.RpcInvocationData], Awaitable[str]]:
    ring = {0: first.encode()}
    used = [0]

    async def key(call: rtc.RpcInvocationData) -> str:
        wanted = json.loads(call.payload)
        if "add" in wanted:
            ring[wanted["index"]] = wanted["add"].encode()
            _provider(room).set_shared_key(ring[wanted["index"]], wanted["index"])
        else:
            used[0] = wanted["use"]
            for one in room.e2ee_manager.frame_cryptors():
                if one.participant_identity == room.local_participant.identity:
                    one.set_key_index(used[0])
        # Data goes out under the index that was set last.
        _provider(room).set_shared_key(ring[used[0]], used[0])
        return ""

    return key


def _provider(room: rtc.Room) -> rtc.KeyProvider:
    provider = room.e2ee_manager.key_provider
    assert provider is not None
    return provider
