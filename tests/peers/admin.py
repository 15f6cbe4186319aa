"""What a server's owner can do: mint tokens, look into rooms, throw people out."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from livekit import api

API_KEY = "devkey"
API_SECRET = "secretsecretsecretsecretsecretsecret"  # shorter ones are complained about


class Admin:
    """For the server at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def token(
        self,
        room: str,
        identity: str = "user",
        *,
        name: str = "",
        agent: str | None = None,
        agent_metadata: Mapping[str, Any] | str = "",
        metadata: str = "",
        attributes: Mapping[str, str] | None = None,
        ttl: timedelta = timedelta(hours=1),
        **grants: Any,
    ) -> str:
        """A token for `room`; `agent` is dispatched when the token's join creates the room."""
        if not isinstance(agent_metadata, str):
            agent_metadata = json.dumps(agent_metadata)
        grants = {"room_join": True, "room": room, "can_update_own_metadata": True, **grants}
        token = (
            api.AccessToken(API_KEY, API_SECRET)
            .with_identity(identity)
            .with_name(name)
            .with_metadata(metadata)
            .with_attributes(dict(attributes or {}))
            .with_ttl(ttl)
            .with_grants(api.VideoGrants(**grants))
        )
        if agent is not None:
            dispatch = api.RoomAgentDispatch(agent_name=agent, metadata=agent_metadata)
            token = token.with_room_config(api.RoomConfiguration(agents=[dispatch]))
        return token.to_jwt()

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[api.LiveKitAPI]:
        """The admin API, for what is not below."""
        async with api.LiveKitAPI(self.url, API_KEY, API_SECRET, failover=False) as admin:
            yield admin

    async def participants(self, room: str) -> dict[str, api.ParticipantInfo]:
        """Who is in the room, by identity; nobody if there is no such room."""
        async with self.admin() as admin:
            try:
                found = await admin.room.list_participants(api.ListParticipantsRequest(room=room))
            except api.TwirpError as error:
                if error.code == api.TwirpErrorCode.NOT_FOUND:
                    return {}
                raise
        return {p.identity: p for p in found.participants}

    async def room_exists(self, room: str) -> bool:
        async with self.admin() as admin:
            found = await admin.room.list_rooms(api.ListRoomsRequest(names=[room]))
        return bool(found.rooms)

    async def delete_room(self, room: str) -> None:
        async with self.admin() as admin:
            await admin.room.delete_room(api.DeleteRoomRequest(room=room))

    async def remove_participant(self, room: str, identity: str) -> None:
        async with self.admin() as admin:
            whom = api.RoomParticipantIdentity(room=room, identity=identity)
            await admin.room.remove_participant(whom)

    async def dispatch(self, room: str, agent: str, metadata: Mapping[str, Any] | str = "") -> None:
        """Send an agent into a room that exists already, or create it with one."""
        if not isinstance(metadata, str):
            metadata = json.dumps(metadata)
        request = api.CreateAgentDispatchRequest(room=room, agent_name=agent, metadata=metadata)
        async with self.admin() as admin:
            await admin.agent_dispatch.create_dispatch(request)
