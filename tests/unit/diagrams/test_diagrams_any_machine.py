"""Laws, for machines that nobody has thought of: everything can be read back, ids are unique."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from transitions import Machine
from transitions.extensions import HierarchicalMachine
from transitions.extensions.nesting import NestedState

from session_fsm.diagrams import boxes, diagram, dot, edge_id, mermaid, node_id, svg, table
from session_fsm.diagrams.model import transitions_of
from session_fsm.diagrams.words import for_dot, for_markdown, for_mermaid, shown

if TYPE_CHECKING:
    from session_fsm.diagrams import Diagram

SEPARATOR = "\u21a6"

texts = st.text(st.characters(exclude_characters=SEPARATOR), min_size=1, max_size=6).filter(
    lambda text: text not in {"*", "="}  # means all states, and the same one, to transitions
)
words = st.sampled_from(["a", "a-b", "a_b", "a b", "start", "any-1", "end", "b_", "b__c", "-", "_"])
names = st.lists(words | texts, min_size=1, max_size=9, unique=True)
triggers = st.sampled_from(["go", "stop", "x_y"]) | texts.filter(lambda text: text != "state")
guards = st.none() | st.lists(words | texts, min_size=1, max_size=2)

Steps = list[tuple[str, str, str | None, list[str] | None]]


def steps_between(states: list[str]) -> st.SearchStrategy[Steps]:
    one = st.sampled_from(states)
    return st.lists(st.tuples(triggers, one, st.none() | one, guards), max_size=14)


def machine_of(kind: Any, states: list[Any], steps: Steps) -> Any:
    machine = kind(states=states, initial=None, auto_transitions=False, model=None)
    for trigger, source, dest, conditions in steps:
        machine.add_transition(trigger, source, dest, conditions=conditions)
    return machine


def as_drawn(steps: Steps) -> set[tuple[str, str, str, str | None]]:
    return {
        (trigger, source, source if dest is None else dest, " and ".join(guard or ()) or None)
        for trigger, source, dest, guard in steps
    }


@given(names.flatmap(lambda states: st.tuples(st.just(states), steps_between(states))))
def test_diagrams_every_transition_of_any_machine_is_drawn_and_no_other(
    given_: tuple[list[str], Steps],
) -> None:
    states, steps = given_
    drawing = diagram(machine_of(Machine, states, steps))
    assert drawing.states == tuple(states)
    assert set(transitions_of(drawing)) == as_drawn(steps)
    internal = {
        (label.trigger, arrow.source)
        for arrow in drawing.arrows
        for label in arrow.labels
        if label.is_internal
    }
    assert internal == {(trigger, source) for trigger, source, dest, _ in steps if dest is None}


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[Any], list[str]]:
    """States with states within them, and the whole names of all of them."""
    whole: list[str] = []

    def level(depth: int, path: tuple[str, ...]) -> list[Any]:
        states: list[Any] = []
        for name in draw(st.lists(words | texts, min_size=1, max_size=3, unique=True)):
            below = (*path, name)
            whole.append(SEPARATOR.join(below))
            if depth and draw(st.booleans()):
                children = level(depth - 1, below)
                inner = [one if isinstance(one, str) else one["name"] for one in children]
                initial = draw(st.lists(st.sampled_from(inner), unique=True))
                states.append({"name": name, "children": children, "initial": initial})
            else:
                states.append(name)
        return states

    return level(2, ()), whole


class Parted(NestedState):
    separator = SEPARATOR


class Nested(HierarchicalMachine):
    state_cls = Parted


@given(trees().flatmap(lambda tree: st.tuples(st.just(tree), steps_between(tree[1]))))
def test_diagrams_every_transition_of_any_nested_machine_is_drawn_and_no_other(
    given_: tuple[tuple[list[Any], list[str]], Steps],
) -> None:
    (states, whole), steps = given_
    drawing = diagram(machine_of(Nested, states, steps))
    assert list(drawing.states) == whole
    assert set(transitions_of(drawing)) == as_drawn(steps)
    for state in whole:
        path = state.split(SEPARATOR)
        around = [SEPARATOR.join(path[:size]) for size in range(len(path) - 1, 0, -1)]
        assert list(drawing.around(state)) == around
    text = mermaid(drawing)
    assert text.count("{") == text.count("}") == len(drawing.composites)
    assert without_groups(drawing, read_mermaid(text)) == written(drawing, for_mermaid)


# Reading the languages ----------------------------------------------------------------------------


def written(drawing: Diagram, escape: Any) -> tuple[dict[str, str], set[tuple[str, str]]]:
    """Id -> name, and the ends of all arrows."""
    nodes = {drawing.id(state): escape(state) for state in drawing.states}
    ends = {(drawing.id(arrow.source), drawing.id(arrow.dest)) for arrow in drawing.arrows}
    return nodes, ends


def read_mermaid(text: str) -> tuple[dict[str, str], set[tuple[str, str]]]:
    lines = [line.strip() for line in text.splitlines()]
    found = [re.fullmatch(r'state "([^"]*)" as (\w+)( \{)?', line) for line in lines]
    nodes = {one[2]: one[1] for one in found if one}
    arrows = [re.fullmatch(r"(\w+) --> (\w+): [^:;]*(#\d+;[^:;]*)*", line) for line in lines]
    labelled = [line for line in lines if re.match(r"\w+ --> \w+: ", line)]
    assert len([one for one in arrows if one]) == len(labelled)
    return nodes, {(one[1], one[2]) for one in arrows if one}


def without_groups(
    drawing: Diagram, read: tuple[dict[str, str], set[tuple[str, str]]]
) -> tuple[dict[str, str], set[tuple[str, str]]]:
    groups = {drawing.id(group.name) for group in drawing.groups}
    return {name: text for name, text in read[0].items() if name not in groups}, read[1]


@given(names.flatmap(lambda states: st.tuples(st.just(states), steps_between(states))))
def test_diagrams_mermaid_and_dot_can_be_read_back(given_: tuple[list[str], Steps]) -> None:
    states, steps = given_
    drawing = diagram(machine_of(Machine, states, steps), current=states[0])
    expected = written(drawing, for_mermaid)
    assert without_groups(drawing, read_mermaid(mermaid(drawing))) == expected
    lines = dot(drawing).splitlines()
    found = [
        re.fullmatch(r'    (\w+) \[id="(\w+)", label="((?:[^"\\]|\\.)*)".*\]', one) for one in lines
    ]
    nodes = {one[2]: one[3] for one in found if one and one[1] == one[2]}
    quoted = written(drawing, for_dot)
    assert without_groups(drawing, (nodes, quoted[1])) == quoted
    ids = [one[1] for line in lines if (one := re.search(r' -> \w+ \[id="(\w+)"', line))]
    assert ids == [drawing.arrow_id(arrow) for arrow in drawing.arrows]


@given(names.flatmap(lambda states: st.tuples(st.just(states), steps_between(states))))
def test_diagrams_a_table_stays_a_table(given_: tuple[list[str], Steps]) -> None:
    drawing = diagram(machine_of(Machine, *given_))
    rows = table(drawing).splitlines()
    assert len(rows) == len(drawing.rows) + 2
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


@given(names)
def test_diagrams_ids_are_unique_words(states: list[str]) -> None:
    ids = [
        *(node_id("m", state) for state in states),
        *(edge_id("m", source, dest) for source in states for dest in states),
    ]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"\w+", one, re.ASCII) for one in ids)


@given(st.text())
def test_diagrams_a_machine_may_be_called_anything(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z]\w*", node_id(name, "a"), re.ASCII)


@given(texts)
def test_diagrams_names_are_escaped_without_loss(name: str) -> None:
    seen = shown(name)
    assert seen.isprintable()
    decoded = re.sub(r"#(\d+);", lambda found: chr(int(found[1])), for_mermaid(name))
    assert decoded == seen
    assert for_dot(name).replace("&amp;", "&").replace('\\"', '"').replace("\\\\", "\\") == seen
    assert re.sub(r"\\(.)", r"\1", for_markdown(name)) == seen


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@settings(max_examples=12, deadline=None)
@given(trees().flatmap(lambda tree: st.tuples(st.just(tree), steps_between(tree[1]))))
def test_diagrams_graphviz_draws_any_machine(
    given_: tuple[tuple[list[Any], list[str]], Steps],
) -> None:
    (states, whole), steps = given_
    assume(whole)
    drawing = diagram(machine_of(Nested, states, steps), current=whole[0])
    picture = svg(drawing)
    root = ET.fromstring(picture)  # noqa: S314 - our own text
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(set(ids)) == len(ids)
    assert {drawing.id(state) for state in whole} <= boxes(picture).keys()
    assert {drawing.arrow_id(arrow) for arrow in drawing.arrows} <= set(ids)
    said = {(text.text or "").strip() for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {" ".join(shown(state).split(" ")).strip() for state in whole} <= said | {""}
