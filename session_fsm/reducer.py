"""``step(snapshot, event) -> (snapshot, effects)``: pure, synchronous, no clock, no I/O.

The reducer finds out which `Cause` an event is, lets the charts decide by firing what the coupling
table has for it, and folds the outcome into the next snapshot. One event is one step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from session_fsm.charts import Cause
from session_fsm.draft import NO_RUN, Draft
from session_fsm.effects import Effect, Tell, Warn
from session_fsm.encryption.seen import EncryptionSnapshot
from session_fsm.encryption.steps import ENCRYPTION_STEPS, probe_answered, probe_failed
from session_fsm.errors import AgentLeft, AgentTimeout, ConnectError, StaleAgent
from session_fsm.events import (
    AgentStirred,
    AttachmentChanged,
    BufferingStarted,
    BufferingStopped,
    DeadlinePassed,
    End,
    Event,
    Fact,
    FromRun,
    LinkGone,
    LinkLost,
    LinkRestored,
    LocalChanged,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    PingAnswered,
    PingUnanswered,
    ProbeAnswered,
    ProbeUnanswered,
    RoomChanged,
    RoomJoined,
    RunClosed,
    RunFailed,
    SpeechCorrected,
    Start,
    TextChunk,
    TextClosed,
    TextIgnored,
    TextOpened,
    TextSettled,
    TextSubmitted,
    TokenReady,
    TrackChanged,
    UsageTold,
    UserStateTold,
)
from session_fsm.limits import DEFAULT_LIMITS, Limits
from session_fsm.media.steps import MEDIA_STEPS
from session_fsm.messages.log import begin
from session_fsm.messages.merge import finish, merge
from session_fsm.messages.people import Room
from session_fsm.roster import Participant, could_be_agent, find
from session_fsm.snapshot import RunSnapshot
from session_fsm.states import IN_THE_ROOM, EndReason, SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from session_fsm.events import TextFact
    from session_fsm.snapshot import SessionSnapshot

NOT_JOINED: Final = "Agent did not join the room."
NOT_READY: Final = "Agent joined the room but did not complete initializing."
LEFT: Final = "Agent left the room unexpectedly."
STALE: Final = (
    "The token leads into the room of an earlier run, and the agent that is still there listens to "
    "nobody any more: use a new room for every start."
)
LINK_GONE: Final[Mapping[str, str]] = {
    "room-deleted": "The room was deleted. Start again to get a new one.",
    "link-lost": "The link to the server was lost and could not be restored. "
    "Check the network, then start again.",
    "removed": "This participant was removed from the room by an administrator.",
    "duplicate-identity": "Another client joined the room with the same identity. "
    "Give every client an identity of its own.",
    "server-shutdown": "The server is shutting down. Start again later.",
}

DEAF: Final = (
    "agent {!r} did not take up a text that it got: its session seems to have ended, "
    "though it is still in the room"
)

CUT: Final = "a message was cut off at limits.message_length, {} characters"
REFUSED: Final = "texts are refused while limits.open_streams, {}, are open"

_TEXT_FACTS = frozenset(
    {
        TextChunk,
        TextOpened,
        TextClosed,
        TextSubmitted,
        TextSettled,
        AttachmentChanged,
        SpeechCorrected,
    }
)


def step(
    snapshot: SessionSnapshot,
    event: Event,
    *,
    agent_name: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[SessionSnapshot, tuple[Effect, ...]]:
    """Return what the event makes of the snapshot, and what is to be done about it.

    An event that changes nothing returns the very same snapshot and no effects.

    Args:
        snapshot: What can be seen now.
        event: What happened.
        agent_name: The name that an agent must have to be this session's, or None.
        limits: How much of what others send is kept.
    """
    if isinstance(event, FromRun):
        if event.epoch != snapshot.epoch:
            return snapshot, ()
        fact: Any = event.fact
        kind = type(event.fact)
        if kind in _TEXT_FACTS:
            return _text(snapshot, fact, limits)
        draft = Draft(snapshot, agent_name)
        _FACTS[kind](draft, fact)
    else:
        draft = Draft(snapshot, agent_name)
        match event:
            case Start():
                _started(draft)
            case End():
                draft.end(Cause.ENDED, EndReason.ENDED)
    return draft.finish()


def _text(
    snapshot: SessionSnapshot, fact: TextFact, limits: Limits
) -> tuple[SessionSnapshot, tuple[Effect, ...]]:
    run = snapshot.run
    room = Room(run.local_identity, snapshot.roster, run.own_tracks)
    before = snapshot.log
    log, changes = merge(before, fact, room, limits)
    if log is before:
        return snapshot, ()
    effects: tuple[Effect, ...] = tuple([Tell(change) for change in changes])
    if log.index.cut != before.index.cut:
        effects += (Warn(CUT.format(limits.message_length)),)
    if log.index.refused == 1 and before.index.refused == 0:
        effects += (Warn(REFUSED.format(limits.open_streams)),)
    return snapshot.with_log(log), effects


# One function for each event: which cause is it? -------------------------------------------------


def _started(draft: Draft) -> None:
    if draft.session_state is not SessionState.IDLE:
        return
    draft.run = RunSnapshot(met_before=draft.run.met_before)
    draft.forget_agent()
    draft.epoch += 1
    draft.log = begin(draft.log)
    draft.fire(Cause.STARTED)


def _token_ready(draft: Draft, fact: TokenReady) -> None:
    if draft.session_state is SessionState.FETCHING_TOKEN:
        draft.note(dispatches=fact.dispatches)
        draft.fire(Cause.TOKEN_READY)


def _room_joined(draft: Draft, fact: RoomJoined) -> None:
    if draft.session_state is not SessionState.CONNECTING:
        return
    draft.note(
        room_name=fact.room_name,
        local_identity=fact.local_identity,
        room_metadata=fact.room_metadata,
        local=fact.local,
        own_tracks=fact.local.tracks,
    )
    draft.encryption = EncryptionSnapshot(fact.is_encrypted)
    draft.fire(Cause.ROOM_JOINED)
    draft.see(fact.roster)
    _meet(draft)
    if draft.agent is None and any(draft.is_stale(one) for one in fact.roster):
        draft.fail(StaleAgent(STALE, kind="stale"))


def _meet(draft: Draft) -> None:
    """Remember every agent that sees this client: it is deaf once the run is over."""
    seen = {one.identity for one in draft.roster if draft.eligible(one)}
    if not seen <= draft.run.met:
        draft.note(met=draft.run.met | seen)


def _link_lost(draft: Draft, _fact: LinkLost) -> None:
    if draft.session_state not in NO_RUN:
        draft.fire(Cause.LINK_LOST)


def _link_restored(draft: Draft, fact: LinkRestored) -> None:
    if draft.session_state not in NO_RUN and draft.before.is_reconnecting:
        draft.fire(Cause.LINK_RESTORED)
        rebuilds = draft.run.rebuilds + (not fact.resumed)
        draft.note(links=draft.run.links + 1, rebuilds=rebuilds)
        known = {one.identity: place for place, one in enumerate(draft.roster)}
        draft.see(tuple(sorted(fact.roster, key=lambda one: known.get(one.identity, len(known)))))
        _meet(draft)


def _room_changed(draft: Draft, fact: RoomChanged) -> None:
    if draft.session_state in IN_THE_ROOM and fact.metadata != draft.run.room_metadata:
        draft.note(room_metadata=fact.metadata)


def _local_changed(draft: Draft, fact: LocalChanged) -> None:
    if draft.session_state in IN_THE_ROOM and fact.local != draft.run.local:
        # What was said on a track is transcribed when the track may be gone.
        draft.note(local=fact.local, own_tracks=draft.run.own_tracks | fact.local.tracks)


def _link_gone(draft: Draft, fact: LinkGone) -> None:
    draft.fire(Cause.LINK_GONE)
    if fact.kind == "room-deleted" and draft.session_state in IN_THE_ROOM:
        draft.end(Cause.ROOM_DELETED, EndReason.ROOM_DELETED)
    else:
        sentence = LINK_GONE.get(fact.kind, LINK_GONE["link-lost"])
        draft.fail(ConnectError(sentence, kind=fact.kind))


def _run_failed(draft: Draft, fact: RunFailed) -> None:
    draft.fail(fact.error)


def _deadline_passed(draft: Draft, fact: DeadlinePassed) -> None:
    if draft.run.deadline != fact.deadline or draft.before.is_reconnecting:
        return
    if draft.agent is not None:
        draft.fail(AgentTimeout(NOT_READY, kind="not-ready"))
    elif draft.run.agent_seen:
        draft.fail(AgentLeft(LEFT, kind="left"))
    else:
        draft.fail(AgentTimeout(NOT_JOINED, kind="not-joined"))


def _run_closed(draft: Draft, _fact: RunClosed) -> None:
    if draft.session_state is not SessionState.ENDING:
        return
    draft.fire(Cause.RUN_CLOSED)
    draft.log, changes = finish(draft.log)
    draft.effects.extend(Tell(change) for change in changes)
    run = draft.run
    met_before = run.met_before
    if run.room_name is not None:
        met_before |= {(run.room_name, identity) for identity in run.met}
    draft.roster = ()
    draft.run = RunSnapshot(run.failure, run.end_reason, met_before=met_before)


def _roster_moves(draft: Draft) -> bool:
    """Say whether a fact about participants counts now.

    Before the room is joined they are nobody's; while the link is being restored they wait:
    ``RoomJoined`` and ``LinkRestored`` carry the whole roster.
    """
    return draft.session_state in IN_THE_ROOM and not draft.before.is_reconnecting


def _joined(draft: Draft, fact: ParticipantJoined) -> None:
    new = fact.participant
    if _roster_moves(draft) and new not in draft.roster:
        draft.see((*(one for one in draft.roster if one.identity != new.identity), new))
        _meet(draft)


def _left(draft: Draft, fact: ParticipantLeft) -> None:
    draft.encryption = draft.encryption.knowing(fact.identity, None)
    if not _roster_moves(draft) or find(draft.roster, fact.identity) is None:
        return
    roster = tuple(one for one in draft.roster if one.identity != fact.identity)
    taken_over = any(draft.eligible(one) for one in roster)
    if fact.on_purpose and fact.identity == draft.agent and not taken_over:
        draft.roster = roster
        draft.end(Cause.AGENT_HUNG_UP, EndReason.HUNG_UP)
    else:
        draft.see(roster)


def _participant_changed(draft: Draft, fact: ParticipantChanged) -> None:
    before = find(draft.roster, fact.identity)
    if before is None or not _roster_moves(draft):
        return
    name = before.name if fact.name is None else fact.name
    metadata = before.metadata if fact.metadata is None else fact.metadata
    attributes = before.attributes if fact.attributes is None else fact.attributes
    if (name, metadata, attributes) != (before.name, before.metadata, before.attributes):
        after = Participant(
            before.identity,
            name,
            metadata,
            attributes,
            before.tracks,
            before.was_there,
            before.is_agent,
        )
        _replace(draft, before, after)
        if fact.identity not in draft.run.met:
            _meet(draft)


def _track_changed(draft: Draft, fact: TrackChanged) -> None:
    before = find(draft.roster, fact.identity)
    if before is not None and _roster_moves(draft):
        tracks = attrs.evolve(before.tracks, **{fact.source: fact.track})
        if tracks != before.tracks:
            _replace(draft, before, attrs.evolve(before, tracks=tracks))


def _replace(draft: Draft, before: Participant, after: Participant) -> None:
    roster = tuple([after if one is before else one for one in draft.roster])
    if after.identity == draft.agent and could_be_agent(after, draft.agent_name):
        # What see() would come to, on the way that most events take.
        draft.roster = roster
        draft.report(after)
    else:
        draft.see(roster)


def _answered(draft: Draft, fact: ProbeAnswered | PingAnswered) -> None:
    # Who is deaf answers both: its session has ended, its participant has not.
    if fact.identity == draft.agent and not draft.channel.is_deaf:
        draft.responsive = True


def _probe_answered(draft: Draft, fact: ProbeAnswered) -> None:
    if fact.identity == draft.agent:
        probe_answered(draft, fact.identity)
    _answered(draft, fact)


def _probe_unanswered(draft: Draft, fact: ProbeUnanswered) -> None:
    if fact.identity == draft.agent and probe_failed(draft, fact.identity):
        return
    if fact.identity == draft.agent and draft.responsive:
        draft.responsive = False
        draft.effects.append(Warn(f"agent {fact.identity!r} does not answer the probe"))


def _ping_unanswered(draft: Draft, fact: PingUnanswered) -> None:
    if fact.identity == draft.agent and draft.responsive:
        draft.responsive = False
        draft.effects.append(Warn(f"agent {fact.identity!r} does not answer pings any more"))


def _text_ignored(draft: Draft, fact: TextIgnored) -> None:
    if fact.identity == draft.agent and not draft.channel.is_deaf:
        draft.channel = attrs.evolve(draft.channel, is_deaf=True)
        draft.responsive = False
        draft.effects.append(Warn(DEAF.format(fact.identity)))


def _stirred(draft: Draft, fact: AgentStirred) -> None:
    if fact.identity == draft.agent and draft.channel.is_deaf:
        draft.channel = attrs.evolve(draft.channel, is_deaf=False)
        draft.responsive = True


def _user_state_told(draft: Draft, fact: UserStateTold) -> None:
    if fact.identity == draft.agent and fact.state is not draft.channel.user_state:
        draft.channel = attrs.evolve(draft.channel, user_state=fact.state)


def _usage_told(draft: Draft, fact: UsageTold) -> None:
    if fact.identity == draft.agent and fact.usage != draft.channel.usage:
        draft.channel = attrs.evolve(draft.channel, usage=fact.usage)


def _buffering_started(draft: Draft, _fact: BufferingStarted) -> None:
    draft.fire(Cause.BUFFERING_STARTED)


def _buffering_stopped(draft: Draft, _fact: BufferingStopped) -> None:
    draft.fire(Cause.BUFFERING_STOPPED)
    agent = find(draft.roster, draft.agent)
    if agent is not None:
        draft.report(agent)


_FACTS: Final[Mapping[type[Fact], Callable[[Draft, Any], None]]] = {
    TokenReady: _token_ready,
    RunFailed: _run_failed,
    DeadlinePassed: _deadline_passed,
    RunClosed: _run_closed,
    RoomJoined: _room_joined,
    LinkLost: _link_lost,
    LinkRestored: _link_restored,
    LinkGone: _link_gone,
    RoomChanged: _room_changed,
    LocalChanged: _local_changed,
    ParticipantJoined: _joined,
    ParticipantLeft: _left,
    ParticipantChanged: _participant_changed,
    TrackChanged: _track_changed,
    ProbeAnswered: _probe_answered,
    ProbeUnanswered: _probe_unanswered,
    PingAnswered: _answered,
    PingUnanswered: _ping_unanswered,
    TextIgnored: _text_ignored,
    AgentStirred: _stirred,
    UserStateTold: _user_state_told,
    UsageTold: _usage_told,
    BufferingStarted: _buffering_started,
    BufferingStopped: _buffering_stopped,
    **MEDIA_STEPS,
    **ENCRYPTION_STEPS,
}
