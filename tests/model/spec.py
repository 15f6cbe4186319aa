"""What must follow from every event, written down a second time: plain rules, no charts.

``expected(view, event)`` returns the next view, and the arrows that ``session.transitions`` must
show on the way.
"""

from __future__ import annotations

import attrs

from model.view import MEDIA, Peer, Person, Sent, View, person
from session_fsm import events as ev
from session_fsm.errors import (
    AgentError,
    AgentLeft,
    AgentTimeout,
    ConnectError,
    EncryptionError,
    SessionError,
    StaleAgent,
)
from session_fsm.events import Event, FromRun
from session_fsm.roster import Participant

Arrow = tuple[str, str, str, str]
"""Machine, trigger, source, dest."""

TALKING = {"listening", "thinking", "speaking"}
SAYINGS = TALKING | {"initializing", "idle"}


def expected(view: View, event: Event, wanted: str | None = None) -> tuple[View, list[Arrow]]:
    """Return the view after the event, and the arrows in their order."""
    now = _Now(**view._asdict(), wanted=wanted)
    match event:
        case ev.Start():
            now.start()
        case ev.End():
            now.stop("end", "ended")
        case FromRun(epoch, fact) if epoch == view.epoch:
            getattr(now, _RULES[type(fact)])(fact)
        case _:
            pass
    now.come_to_rest()
    return View(**{name: getattr(now, name) for name in View._fields}), now.arrows


_RULES = {
    ev.TokenReady: "token_ready",
    ev.RunFailed: "run_failed",
    ev.DeadlinePassed: "deadline_passed",
    ev.RunClosed: "run_closed",
    ev.RoomJoined: "room_joined",
    ev.LinkLost: "link_lost",
    ev.LinkRestored: "link_restored",
    ev.LinkGone: "link_gone",
    ev.ParticipantJoined: "participant_joined",
    ev.ParticipantLeft: "participant_left",
    ev.ParticipantChanged: "participant_changed",
    ev.TrackChanged: "nothing",
    ev.RoomChanged: "nothing",
    ev.LocalChanged: "nothing",
    ev.ProbeAnswered: "probe_answered",
    ev.ProbeUnanswered: "probe_unanswered",
    ev.PingAnswered: "ping_answered",
    ev.PingUnanswered: "ping_unanswered",
    ev.TextIgnored: "text_ignored",
    ev.AgentStirred: "stirred",
    ev.UserStateTold: "nothing",
    ev.UsageTold: "nothing",
    ev.BufferingStarted: "buffering_started",
    ev.BufferingStopped: "buffering_stopped",
    ev.MediaOpening: "media_opening",
    ev.MediaOpened: "media_opened",
    ev.MediaSwitched: "media_switched",
    ev.MediaRepublished: "media_republished",
    ev.MediaMuted: "media_muted",
    ev.MediaUnmuted: "media_unmuted",
    ev.MediaClosed: "media_closed",
    ev.MediaFailed: "media_failed",
    ev.EncryptionSwitched: "encryption_switched",
    ev.PeerEncryptionTold: "peer_told",
}


@attrs.define(kw_only=True)
class _Now:
    session: str
    connection: str
    agent: str
    failure: tuple[str, str] | None
    end_reason: str | None
    people: tuple[Person, ...]
    who: str | None
    responsive: bool
    deaf: bool
    dispatched: bool
    was_active: bool
    seen: bool
    waits_for: tuple[bool, str | None] | None
    links: int
    epoch: int
    room: str | None
    met_now: frozenset[str]
    met_before: frozenset[tuple[str, str]]
    microphone: Sent
    camera: Sent
    screen_share: Sent
    encrypts: bool
    peers: frozenset[tuple[str, Peer]]
    wanted: str | None
    arrows: list[Arrow] = attrs.Factory(list)

    # The three machines --------------------------------------------------------------------------

    def move(self, machine: str, trigger: str, dest: str) -> None:
        self.arrows.append((machine, trigger, getattr(self, machine), dest))
        setattr(self, machine, dest)

    def send(self, source: str, trigger: str, after: Sent) -> None:
        self.arrows.append((source, trigger, getattr(self, source).state, after.state))
        setattr(self, source, after)

    def stop(self, trigger: str, reason: str, error: SessionError | None = None) -> None:
        if self.session in {"idle", "ending"}:
            return
        if isinstance(error, AgentError):
            self.move("agent", "fail", "failed")
            self.move("session", "fail", "ending")
        else:
            self.move("session", trigger, "ending")
            self.move("agent", "finish", "disconnected")
        for source in MEDIA:
            if getattr(self, source).state in {"opening", "live", "muted"}:
                self.send(source, "release", Sent())
        self.end_reason = reason
        self.failure = error and (type(error).__name__, error.kind)
        self.who, self.responsive, self.deaf = None, True, False
        self.encrypts, self.peers = False, frozenset()

    def come_to_rest(self) -> None:
        peer = self.peer(self.who)
        if peer.failure is not None and not (peer.is_encrypted and peer.has_answered):
            self.stop("fail", "failed", EncryptionError("", kind=peer.failure))
        if self.session == "dispatching" and self.agent in TALKING:
            self.move("session", "agent_ready", "active")
        self.was_active |= self.session == "active"
        if self.session != "dispatching":
            self.waits_for = None
        elif self.was_active:
            self.waits_for = (self.who is None, self.who)
        else:
            self.waits_for = (False, None) if self.dispatched else None

    # The user and the run ------------------------------------------------------------------------

    def start(self) -> None:
        if self.session == "idle":
            self.epoch += 1
            self.failure = self.end_reason = None
            self.responsive, self.deaf = True, False
            self.move("session", "start", "fetching-token")
            self.move("agent", "await_agent", "connecting")
            for source in MEDIA:
                if getattr(self, source).state != "off":
                    self.send(source, "close", Sent())

    def token_ready(self, fact: ev.TokenReady) -> None:
        if self.session == "fetching-token":
            self.dispatched = fact.dispatches
            self.move("session", "token_ready", "connecting")
            self.move("connection", "connect", "connecting")

    def run_failed(self, fact: ev.RunFailed) -> None:
        self.stop("fail", "failed", fact.error)

    def deadline_passed(self, fact: ev.DeadlinePassed) -> None:
        due = (fact.deadline.returning, fact.deadline.identity)
        if self.waits_for != due or self.connection == "reconnecting":
            return
        if self.who is not None:
            self.stop("fail", "failed", AgentTimeout("", kind="not-ready"))
        elif self.seen:
            self.stop("fail", "failed", AgentLeft("", kind="left"))
        else:
            self.stop("fail", "failed", AgentTimeout("", kind="not-joined"))

    def run_closed(self, _fact: ev.RunClosed) -> None:
        if self.session != "ending":
            return
        if self.connection != "disconnected":
            self.move("connection", "disconnected", "disconnected")
        self.move("session", "room_closed", "idle")
        if self.room is not None:
            self.met_before |= {(self.room, identity) for identity in self.met_now}
        self.people, self.room, self.met_now, self.links = (), None, frozenset(), 0
        self.dispatched = self.was_active = self.seen = False

    # The link ------------------------------------------------------------------------------------

    def room_joined(self, fact: ev.RoomJoined) -> None:
        if self.session != "connecting":
            return
        self.room = fact.room_name
        self.encrypts, self.peers = fact.is_encrypted, frozenset()
        self.move("connection", "connected", "connected")
        self.move("session", "room_connected", "dispatching")
        self.look_at(tuple(map(person, fact.roster)))
        known = {(self.room, one.identity) for one in self.people} & self.met_before
        if known and self.who is None:
            self.stop("fail", "failed", StaleAgent("", kind="stale"))

    def link_lost(self, _fact: ev.LinkLost) -> None:
        if self.is_in_the_room and self.connection == "connected":
            self.move("connection", "connection_lost", "reconnecting")

    def link_restored(self, fact: ev.LinkRestored) -> None:
        if not self.is_in_the_room or self.connection != "reconnecting":
            return
        self.links += 1
        self.move("connection", "connection_restored", "connected")
        there = {one.identity: person(one) for one in fact.roster}
        stayed = [one.identity for one in self.people if one.identity in there]
        new = [identity for identity in there if identity not in stayed]
        self.look_at(tuple(there[identity] for identity in (*stayed, *new)))

    def link_gone(self, fact: ev.LinkGone) -> None:
        if self.connection != "disconnected":
            self.move("connection", "disconnected", "disconnected")
        if fact.kind == "room-deleted" and self.is_in_the_room:
            self.stop("hang_up", "room-deleted")
        else:
            self.stop("fail", "failed", ConnectError("", kind=fact.kind))

    # The agent -----------------------------------------------------------------------------------

    @property
    def is_in_the_room(self) -> bool:
        return self.session in {"dispatching", "active"}

    def people_who_count(self) -> list[Person]:
        return [
            one
            for one in self.people
            if one.is_agent
            and not one.speaks_for
            and (self.wanted is None or one.named in {"", self.wanted})
            and (self.room, one.identity) not in self.met_before
        ]

    def look_at(self, people: tuple[Person, ...]) -> None:
        self.people = people
        count = self.people_who_count()
        self.met_now |= {one.identity for one in count}
        agent = next((one for one in count if one.identity == self.who), None)
        if agent is None and self.who is not None:
            self.agent_is_gone()
        if agent is None and count:
            agent = count[0]
            self.who, self.seen = agent.identity, True
            if self.agent == "connecting":
                self.move("agent", "joined", "initializing")
        if agent is not None:
            self.hear(agent.says)

    def agent_is_gone(self) -> None:
        self.who, self.responsive, self.deaf = None, True, False
        if self.agent != "pre-connect-buffering":
            self.move("agent", "left", "connecting")
        if self.session == "active":
            self.move("session", "agent_lost", "dispatching")

    def hear(self, says: str) -> None:
        may_go_on_talking = self.agent == "pre-connect-buffering" and says not in TALKING
        if says in SAYINGS and says != self.agent and not may_go_on_talking:
            self.move("agent", f"reported_{says}", says)

    def participant_joined(self, fact: ev.ParticipantJoined) -> None:
        new = person(fact.participant)
        counts = self.is_in_the_room and self.connection == "connected"
        if counts and new not in self.people:
            others = [one for one in self.people if one.identity != new.identity]
            self.look_at((*others, new))

    def participant_left(self, fact: ev.ParticipantLeft) -> None:
        self.peers = frozenset(one for one in self.peers if one[0] != fact.identity)
        if not self.is_in_the_room or self.connection != "connected":
            return
        was_agent = self.who is not None and self.who == fact.identity
        self.people = tuple(one for one in self.people if one.identity != fact.identity)
        if was_agent and fact.on_purpose and not self.people_who_count():
            self.stop("hang_up", "hung-up")
        else:
            self.look_at(self.people)

    def participant_changed(self, fact: ev.ParticipantChanged) -> None:
        here = fact.identity in {one.identity for one in self.people}
        counts = here and self.is_in_the_room and self.connection == "connected"
        if counts and fact.attributes is not None:
            new = person(Participant(fact.identity, attributes=fact.attributes))
            self.look_at(
                tuple(
                    new._replace(is_agent=one.is_agent) if one.identity == new.identity else one
                    for one in self.people
                )
            )

    def ping_answered(self, fact: ev.ProbeAnswered | ev.PingAnswered) -> None:
        self.responsive |= fact.identity == self.who and not self.deaf

    def ping_unanswered(self, fact: ev.ProbeUnanswered | ev.PingUnanswered) -> None:
        self.responsive &= fact.identity != self.who

    def probe_answered(self, fact: ev.ProbeAnswered) -> None:
        if self.encrypts and fact.identity == self.who:
            self.know(fact.identity, self.peer(fact.identity)._replace(has_answered=True))
        self.ping_answered(fact)

    def probe_unanswered(self, fact: ev.ProbeUnanswered) -> None:
        peer = self.peer(fact.identity)
        is_let_in = peer.is_encrypted is False and peer.failure is None
        if fact.identity == self.who and self.encrypts and not (peer.has_answered or is_let_in):
            self.stop("fail", "failed", EncryptionError("", kind="key-mismatch"))
        else:
            self.ping_unanswered(fact)

    # Encryption ----------------------------------------------------------------------------------

    def peer(self, identity: str | None) -> Peer:
        return next((peer for who, peer in self.peers if who == identity), Peer())

    def know(self, identity: str, peer: Peer) -> None:
        others = {one for one in self.peers if one[0] != identity}
        self.peers = frozenset(others | {(identity, peer)})

    def peer_told(self, fact: ev.PeerEncryptionTold) -> None:
        if self.encrypts and self.is_in_the_room:
            peer = self.peer(fact.identity)
            self.know(fact.identity, Peer(fact.is_encrypted, fact.problem, peer.has_answered))

    def encryption_switched(self, fact: ev.EncryptionSwitched) -> None:
        if self.is_in_the_room and fact.is_enabled is not self.encrypts:
            self.encrypts, self.peers = fact.is_enabled, frozenset()

    def text_ignored(self, fact: ev.TextIgnored) -> None:
        self.deaf |= fact.identity == self.who
        self.responsive &= not self.deaf

    def stirred(self, fact: ev.AgentStirred) -> None:
        if fact.identity == self.who and self.deaf:
            self.responsive, self.deaf = True, False

    # The buffer ----------------------------------------------------------------------------------

    def buffering_started(self, _fact: ev.BufferingStarted) -> None:
        if self.agent == "connecting":
            self.move("agent", "buffering_started", "pre-connect-buffering")

    def buffering_stopped(self, _fact: ev.BufferingStopped) -> None:
        if self.agent != "pre-connect-buffering":
            return
        there = [one for one in self.people if one.identity == self.who]
        self.move("agent", "buffering_stopped", "initializing" if there else "connecting")
        for one in there:
            self.hear(one.says)

    # What is sent --------------------------------------------------------------------------------

    def media_opening(self, fact: ev.MediaOpening) -> None:
        runs = self.session not in {"idle", "ending"}
        if runs and getattr(self, fact.source).state in {"off", "failed"}:
            self.send(fact.source, "open", Sent("opening", fact.device))

    def media_opened(self, fact: ev.MediaOpened) -> None:
        sent: Sent = getattr(self, fact.source)
        if self.is_in_the_room and sent.state == "opening":
            self.send(fact.source, "opened", Sent("live", sent.device, fact.track))

    def media_switched(self, fact: ev.MediaSwitched) -> None:
        sent: Sent = getattr(self, fact.source)
        if sent.state in {"live", "muted"}:
            setattr(self, fact.source, sent._replace(device=fact.device))

    def media_republished(self, fact: ev.MediaRepublished) -> None:
        sent: Sent = getattr(self, fact.source)
        if sent.state in {"live", "muted"}:
            setattr(self, fact.source, sent._replace(track=fact.track))

    def media_muted(self, fact: ev.MediaMuted) -> None:
        sent: Sent = getattr(self, fact.source)
        if sent.state == "live":
            self.send(fact.source, "mute", sent._replace(state="muted"))

    def media_unmuted(self, fact: ev.MediaUnmuted) -> None:
        sent: Sent = getattr(self, fact.source)
        if sent.state == "muted":
            self.send(fact.source, "unmute", sent._replace(state="live"))

    def media_closed(self, fact: ev.MediaClosed) -> None:
        if getattr(self, fact.source).state != "off":
            self.send(fact.source, "close", Sent())

    def media_failed(self, fact: ev.MediaFailed) -> None:
        if getattr(self, fact.source).state in {"opening", "live", "muted"}:
            self.send(fact.source, "fail", Sent("failed", failure=fact.error.kind))

    def nothing(self, _fact: object) -> None:
        pass
