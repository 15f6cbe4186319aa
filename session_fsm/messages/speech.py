"""What the agent really said: corrections of transcripts by the agent's own history.

The transcript on the wire can run ahead of the voice: a speech that is interrupted has more words
there than were spoken. The agent's history has what was spoken, one item for each speech, in order,
and none where nothing was (livekit-agents 1.8.9). No id links the two. The rule:

- Candidates are the agent's messages that no item was found for yet, the oldest first.
- Spaces do not count. An item belongs to the first candidate that begins with it, or to the first
  run of candidates that it is made of, the last of which may go on. Candidates before it were
  never spoken: no item comes for them any more.
- Where the item says that the speech was interrupted, its last message is cut to what was spoken,
  marked ``interrupted``, and final; what its stream still brings is ignored.

- An item can overtake the words on the wire, which are many small packets: one that goes further
  than a message whose stream is open waits until that has caught up.

A correction only ever cuts; it neither adds nor changes a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from session_fsm.events import SpeechCorrected
    from session_fsm.messages.log import Changes, MessageLog
    from session_fsm.messages.message import Message

MOST_EARLY: Final = 8
"""Items that wait for the words they are about."""
MOST_UNSPOKEN: Final = 32
"""Messages that wait for their item; an agent that tells none must not make the list grow."""


def expects_item(log: MessageLog, speaker: str, message_id: str) -> MessageLog:
    """Remember that an item of the agent's history will say what was spoken of this message."""
    waiting = (*log.index.unspoken, (speaker, message_id))[-MOST_UNSPOKEN:]
    return attrs.evolve(log, index=attrs.evolve(log.index, unspoken=waiting))


def correct(log: MessageLog, fact: SpeechCorrected) -> tuple[MessageLog, Changes]:
    """Fold in an item of the agent's history, or keep it for words that are on their way."""
    after, changes = _correct(log, fact)
    if after is not log:
        return _with_early(after, ()), changes
    if any(speaker == fact.sender for speaker, _ in log.index.unspoken):
        return _with_early(log, (*log.index.early, fact)[-MOST_EARLY:]), ()
    return log, ()


def caught_up(log: MessageLog, changes: Changes) -> tuple[MessageLog, Changes]:
    """Look at the items that came too early again: there are more words now."""
    early = log.index.early
    for place, fact in enumerate(early):
        after, more = _correct(log, fact)
        if after is not log:
            # Items come in order: what did not fit before this one never will.
            log = _with_early(after, early[place + 1 :])
            changes += more
    return log, changes


def _with_early(log: MessageLog, early: tuple[SpeechCorrected, ...]) -> MessageLog:
    if early == log.index.early:
        return log
    return attrs.evolve(log, index=attrs.evolve(log.index, early=early))


def _correct(log: MessageLog, fact: SpeechCorrected) -> tuple[MessageLog, Changes]:
    waiting = log.index.unspoken
    mine = [key for speaker, key in waiting if speaker == fact.sender]
    messages = [log.messages[log.index.places[key]] for key in mine]
    wanted = _letters(fact.text)
    found = next(filter(None, (_run(messages[n:], wanted) for n in range(len(messages)))), None)
    if found is None or not wanted:  # an item without words belongs to nothing
        return log, ()
    last, spoken = found
    over = set(mine[: mine.index(last.id) + 1])
    rest = tuple(one for one in waiting if one[1] not in over)
    log = attrs.evolve(log, index=attrs.evolve(log.index, unspoken=rest))
    if not fact.interrupted:
        return log, ()
    text = _first(last.text, spoken)
    return log.put(attrs.evolve(last, text=text, final=True, interrupted=True))


def _run(messages: list[Message], wanted: str) -> tuple[Message, int] | None:
    """Return the message that the item ends in, and how many letters of it were spoken."""
    for message in messages:
        letters = _letters(message.text)
        if letters.startswith(wanted):
            return message, len(wanted)
        if not letters or not wanted.startswith(letters):
            return None
        wanted = wanted[len(letters) :]
    return None


def _letters(text: str) -> str:
    return "".join(text.split())


def _first(text: str, letters: int) -> str:
    """Return the beginning of the text that has so many letters."""
    for place, letter in enumerate(text):
        if not letter.isspace():
            letters -= 1
        if letters == 0:
            return text[: place + 1]
    return text
