"""``session.agent``: what can be seen of the agent, each as a store of its own."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from session_fsm.channel.calls import ChannelCalls
from session_fsm.data.parsed import ParsedAttribute
from session_fsm.media.heard import RemoteMedia

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from session_fsm.channel.client import Channel
    from session_fsm.channel.usage import Usage
    from session_fsm.media.remote import Senses
    from session_fsm.snapshot import SessionSnapshot
    from session_fsm.states import AgentState, UserState
    from stores import OnUnhandled, Store

T = TypeVar("T")
D = TypeVar("D")


class _Wait(Protocol):
    async def __call__(
        self,
        predicate: Callable[[SessionSnapshot], bool],
        timeout: float | None = None,  # noqa: ASYNC109 - part of the public waits
    ) -> SessionSnapshot: ...


class Agent(ChannelCalls, RemoteMedia):
    """The agent of a session. Each attribute is a store, with ``.value`` and ``.subscribe``."""

    def __init__(
        self,
        snapshots: Store[SessionSnapshot],
        wait_until: _Wait,
        channel: Channel,
        senses: Senses,
        *,
        on_unhandled: OnUnhandled | None = None,
    ) -> None:
        ChannelCalls.__init__(self, channel)
        RemoteMedia.__init__(self, senses, on_unhandled)
        self._snapshots = snapshots
        self._wait_until = wait_until

    def __repr__(self) -> str:
        agent = self._snapshots.value.agent
        return f"<Agent {agent.identity or 'not in the room'}: {agent.state}>"

    @cached_property
    def state(self) -> Store[AgentState]:
        """What the agent does; see `AgentState`."""
        return self._snapshots.select(lambda snapshot: snapshot.agent.state)

    @cached_property
    def can_listen(self) -> Store[bool]:
        """Whether what the user says reaches the agent, now or once it is ready."""
        return self._snapshots.select(lambda snapshot: snapshot.agent.can_listen)

    @cached_property
    def is_connected(self) -> Store[bool]:
        """Whether the agent listens, thinks or speaks."""
        return self._snapshots.select(lambda snapshot: snapshot.agent.is_connected)

    @cached_property
    def is_pending(self) -> Store[bool]:
        """Whether the agent is expected and does not take part yet."""
        return self._snapshots.select(lambda snapshot: snapshot.agent.is_pending)

    @cached_property
    def is_finished(self) -> Store[bool]:
        """Whether no agent takes part and none is expected."""
        return self._snapshots.select(lambda snapshot: snapshot.agent.is_finished)

    @cached_property
    def is_responsive(self) -> Store[bool]:
        """False while the agent answers neither probe nor pings, or does not take up texts.

        True before anything is known. Pings are sent where ``Session(agent_ping=…)`` says so.
        """
        return self._snapshots.select(lambda snapshot: snapshot.agent.is_responsive)

    @cached_property
    def identity(self) -> Store[str | None]:
        """The participant's identity while it is in the room."""
        return self._snapshots.select(lambda snapshot: snapshot.agent.identity)

    @cached_property
    def name(self) -> Store[str | None]:
        """``lk.agent.name``, else the participant's name, while it is in the room."""
        return self._snapshots.select(lambda snapshot: snapshot.agent.name)

    @cached_property
    def metadata(self) -> Store[str | None]:
        """The participant's metadata while it is in the room."""
        return self._snapshots.select(lambda snapshot: snapshot.agent.metadata)

    @cached_property
    def attributes(self) -> Store[Mapping[str, str]]:
        """All of the participant's attributes, the unknown ones included."""
        return self._snapshots.select(lambda snapshot: snapshot.agent.attributes)

    @overload
    def attribute(self, key: str) -> Store[str | None]: ...

    @overload
    def attribute(self, key: str, *, default: D) -> Store[str | D]: ...

    @overload
    def attribute(self, key: str, parse: Callable[[str], T]) -> Store[T | None]: ...

    @overload
    def attribute(self, key: str, parse: Callable[[str], T], default: D) -> Store[T | D]: ...

    def attribute(
        self, key: str, parse: Callable[[str], Any] = str, default: object = None
    ) -> Store[Any]:
        """Return a store of one attribute, parsed.

        Args:
            key: The attribute's name.
            parse: Makes the value of the text, such as ``json.loads``; where it raises, the
                default is shown and the log has one warning for each such text.
            default: Shown while the agent has no such attribute.

        Raises:
            TypeError: The key is no str, or ``parse`` cannot be called.
        """
        parsed = ParsedAttribute(key, parse, default)
        return self.attributes.select(parsed)

    @cached_property
    def user_state(self) -> Store[UserState | None]:
        """What the agent takes the user to be doing; None where it does not tell."""
        return self._snapshots.select(lambda snapshot: snapshot.agent.user_state)

    @cached_property
    def usage(self) -> Store[Usage | None]:
        """What the agent's models have used so far; None where it does not tell."""
        return self._snapshots.select(lambda snapshot: snapshot.agent.usage)

    @cached_property
    def failure_reasons(self) -> Store[tuple[str, ...]]:
        """Sentences that say why the agent failed; empty unless it did."""
        return self._snapshots.select(lambda snapshot: snapshot.agent.failure_reasons)

    async def wait_until_connected(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Wait until the agent listens, thinks or speaks; raises as ``Session.wait_until``."""
        await self._wait_until(lambda snapshot: snapshot.agent.is_connected, timeout)

    async def wait_until_can_listen(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Wait until the user can be heard; raises as ``Session.wait_until``."""
        await self._wait_until(lambda snapshot: snapshot.agent.can_listen, timeout)

    async def wait_until_finished(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Wait until no agent takes part, also after a failure; returns at once when idle."""
        await self._wait_until(lambda snapshot: snapshot.agent.is_finished, timeout)
