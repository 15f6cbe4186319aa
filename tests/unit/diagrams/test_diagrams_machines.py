"""Machines of `transitions` of any kind are drawn as they are."""

from __future__ import annotations

import asyncio
import shutil
from enum import Enum, IntEnum
from functools import partial
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from transitions import Machine, State
from transitions.extensions import (
    AsyncMachine,
    HierarchicalAsyncMachine,
    HierarchicalMachine,
    LockedHierarchicalMachine,
    MachineFactory,
)
from transitions.extensions.nesting import NestedState

from session_fsm.charts import SESSION, Edge
from session_fsm.diagrams import diagram, dot, marks, mermaid, node_id, render, svg, table
from session_fsm.diagrams.model import transitions_of

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")

DOOR: list[Any] = [
    ["open", "closed", "opened"],
    ["close", "opened", "closed"],
    {"trigger": "lock", "source": "closed", "dest": "locked", "conditions": "has_key"},
]


class Model:
    """Something that a machine drives."""


def is_dark() -> bool:
    return True


class Scale:
    def __call__(self) -> bool:
        return True


def door(kind: type[Any] = Machine, **options: Any) -> Any:
    options.setdefault("model", Model())
    return kind(
        states=["closed", "opened", "locked"], initial="closed", transitions=DOOR, **options
    )


def shown(drawing: Any) -> set[tuple[str, str, str]]:
    return {(trigger, source, dest) for trigger, source, dest, _ in transitions_of(drawing)}


@pytest.mark.parametrize(
    "kind",
    [
        Machine,
        AsyncMachine,
        HierarchicalMachine,
        HierarchicalAsyncMachine,
        LockedHierarchicalMachine,
        partial(MachineFactory.get_predefined(graph=True), graph_engine="mermaid"),
        partial(MachineFactory.get_predefined(graph=True, nested=True), graph_engine="mermaid"),
    ],
)
def test_diagrams_of_every_kind_of_machine_are_the_same(kind: Any) -> None:
    machine = door(kind)
    assert mermaid(machine) == mermaid(door())
    assert dot(machine) == dot(door())
    assert table(machine) == table(door())


def test_diagrams_mermaid_of_a_machine() -> None:
    assert mermaid(door(name="door")) == (
        "stateDiagram-v2\n"
        "    classDef current fill:#1f6feb,color:#ffffff,stroke:#0b3d91,stroke-width:2px\n"
        '    state "closed" as door_closed\n'
        '    state "opened" as door_opened\n'
        '    state "locked" as door_locked\n'
        "    [*] --> door_closed\n"
        "    door_closed --> door_opened: open\n"
        "    door_opened --> door_closed: close\n"
        "    door_closed --> door_locked: lock<br/>[has_key]\n"
        "    class door_closed current\n"
    )


def test_diagrams_follow_the_model() -> None:
    machine = door(name="door")
    machine.models[0].open()
    assert marks(machine) == {"door_opened": "current"}
    assert diagram(machine).current == "opened"
    assert table(machine).startswith("door: **opened**\n")


def test_diagrams_of_several_models_show_the_one_that_is_asked_for() -> None:
    one, other = Model(), Model()
    machine = door(model=[one, other])
    other.open()  # type: ignore[attr-defined]
    assert marks(machine) == {}
    assert marks(machine, model=one) == {"machine_closed": "current"}
    assert marks(machine, model=other) == {"machine_opened": "current"}


def test_diagrams_of_a_machine_that_is_its_own_model_and_of_one_without() -> None:
    own = Machine(states=["a", "b"], initial="b")
    assert diagram(own).active == ("b",)
    assert diagram(door(model=None)).active == ()


def test_diagrams_find_the_state_wherever_the_model_keeps_it() -> None:
    machine = door(model_attribute="position")
    assert diagram(machine).current == "closed"
    with pytest.raises(TypeError, match=r"\.position"):
        mermaid(machine, model=object())


def test_diagrams_refuse_a_state_that_is_not_there() -> None:
    machine = door()
    machine.models[0].state = "ajar"
    with pytest.raises(ValueError, match="no state 'ajar'"):
        mermaid(machine)
    with pytest.raises(ValueError, match="no state 'ajar'"):
        diagram(door(), current="ajar")


def test_diagrams_refuse_a_model_of_something_else() -> None:
    with pytest.raises(TypeError, match="model"):
        mermaid(SESSION, model=Model())
    with pytest.raises(TypeError, match="model"):
        diagram(SESSION, model=Model())
    with pytest.raises(TypeError, match="machine"):
        mermaid(door(), machine="door")


def test_diagrams_mark_what_they_are_told() -> None:
    machine = door(name="door")
    drawing = diagram(machine, current="opened", last=Edge("open", "closed", "opened"))
    assert "door_closed --> door_opened: » open\n" in mermaid(drawing)
    assert "class door_closed previous\n" in mermaid(drawing)
    assert "class door_opened current\n" in mermaid(drawing)


def test_diagrams_show_guards_in_words() -> None:
    machine = Machine(states=["a", "b"], initial="a", auto_transitions=False)
    conditions = ["is_free", is_dark, lambda: True, partial(is_dark), Scale()]
    machine.add_transition("go", "a", "b", conditions=conditions, unless=["is_late"])
    ((_, _, _, guard),) = transitions_of(diagram(machine))
    assert guard == "is_free and is_dark and a lambda and is_dark and Scale and not is_late"


def test_diagrams_tell_reflexive_and_internal_transitions_apart() -> None:
    machine = Machine(states=["a", "b"], initial="a", auto_transitions=False, model=None)
    machine.add_transition("again", "*", "=")
    machine.add_transition("tick", "a", None)
    text = mermaid(machine)
    assert "machine_a --> machine_a: again, tick (internal)\n" in text
    assert "machine_b --> machine_b: again\n" in text
    assert "| `tick` | a | a (internal) |  |\n" in table(machine)
    assert '" again \\n tick (internal) "' in dot(machine)


def test_diagrams_leave_out_the_triggers_that_transitions_adds() -> None:
    machine = door()
    assert "to_opened" not in mermaid(machine)
    assert ("to_opened", "locked", "opened") in shown(diagram(machine, auto_transitions=True))


def test_diagrams_keep_what_only_looks_like_one_of_those() -> None:
    machine = door(auto_transitions=False)
    machine.add_transition("to_opened", "locked", "opened")
    assert ("to_opened", "locked", "opened") in shown(diagram(machine))


def test_diagrams_keep_a_guarded_one_among_those_that_transitions_adds() -> None:
    machine = door()
    machine.add_transition("to_opened", "locked", "opened", conditions="has_key")
    guarded = ("to_opened", "locked", "opened", "has_key")
    assert guarded in set(transitions_of(diagram(machine)))


def test_diagrams_of_enum_states_have_their_names() -> None:
    class Light(IntEnum):
        RED = 1
        GREEN = 2

    machine = Machine(states=Light, initial=Light.RED, transitions=[["go", Light.RED, Light.GREEN]])
    machine.go()  # type: ignore[attr-defined]
    drawing = diagram(machine)
    assert drawing.states == ("RED", "GREEN")
    assert (drawing.initial, drawing.current) == ("RED", "GREEN")
    assert shown(drawing) == {("go", "RED", "GREEN")}


def test_diagrams_show_final_states() -> None:
    states = ["a", State("b", final=True)]
    machine = Machine(states=states, initial="a", transitions=[["go", "a", "b"]], model=None)
    assert "    machine_b --> [*]\n" in mermaid(machine)
    assert 'machine_b [id="machine_b", label="b", peripheries=2]' in dot(machine)


def test_diagrams_of_a_machine_without_an_initial_state() -> None:
    machine = Machine(states=["a"], initial=None, model=None)
    assert "[*]" not in mermaid(machine)
    assert diagram(machine).initial is None


def test_diagrams_states_called_as_what_is_drawn_besides() -> None:
    names = ["start", "any-1", "any_1", "any", "end", "state", "b", "c"]
    machine = Machine(states=names, initial="start", auto_transitions=False, model=None)
    machine.add_transition("reset", ["any-1", "any_1", "any", "end", "state"], "b")
    drawing = diagram(machine)
    (group,) = drawing.groups
    assert group.name not in names
    assert shown(drawing) == {("reset", one, "b") for one in names[1:6]}
    text = dot(machine)
    assert text.count("shape=circle") == 1
    assert "    machine_start__ -> machine_start\n" in text


def test_diagrams_a_group_and_a_reflexive_transition_of_one_trigger() -> None:
    names = ["a", "b", "c", "d", "e", "f"]
    machine = Machine(states=names, initial="a", auto_transitions=False, model=None)
    machine.add_transition("home", "*", "a")
    drawing = diagram(machine, current="a", last=Edge("home", "a", "a"))
    assert shown(drawing) == {("home", one, "a") for one in names}
    (loop,) = (arrow for arrow in drawing.arrows if arrow.is_last)
    assert (loop.source, loop.dest) == ("a", "a")
    assert drawing.edge("a", "a") == drawing.arrow_id(loop)
    assert drawing.edge("c", "a") != drawing.arrow_id(loop)
    assert drawing.edge("a", "c") is None


# Nested ------------------------------------------------------------------------------------------


NESTED: list[Any] = [
    "off",
    {
        "name": "on",
        "initial": "slow",
        "children": ["slow", {"name": "fast", "children": ["x", "y"], "initial": "y"}],
        "transitions": [["shift", "slow", "fast"], ["jump", "fast_x", "slow"]],
    },
    {"name": "both", "parallel": ["left", {"name": "right", "children": ["u"], "initial": "u"}]},
]


def nested(kind: Any = HierarchicalMachine, **options: Any) -> Any:
    steps = [["press", "off", "on"], ["press", "on", "off"], ["split", "on_fast", "both"]]
    options.setdefault("model", Model())
    return kind(states=NESTED, initial="off", transitions=steps, name="fan", **options)


def test_diagrams_of_a_nested_machine_have_everything_where_it_belongs() -> None:
    drawing = diagram(nested())
    assert drawing.states == (
        *("off", "on", "on_slow", "on_fast", "on_fast_x", "on_fast_y"),
        *("both", "both_left", "both_right", "both_right_u"),
    )
    assert shown(drawing) == {
        ("press", "off", "on"),
        ("press", "on", "off"),
        ("split", "on_fast", "both"),
        ("shift", "on_slow", "on_fast"),
        ("jump", "on_fast_x", "on_slow"),
    }
    assert {one.state: (one.children, one.starts) for one in drawing.composites} == {
        "on": (("on_slow", "on_fast"), ("on_slow",)),
        "on_fast": (("on_fast_x", "on_fast_y"), ("on_fast_y",)),
        "both": (("both_left", "both_right"), ("both_left", "both_right")),
        "both_right": (("both_right_u",), ("both_right_u",)),
    }


def test_diagrams_mermaid_has_states_within_states_and_parallel_regions() -> None:
    text = mermaid(nested(model=None))
    assert text == (
        "stateDiagram-v2\n"
        '    state "off" as fan_off\n'
        '    state "on" as fan_on {\n'
        '        state "on_slow" as fan_on__slow\n'
        '        state "on_fast" as fan_on__fast {\n'
        '            state "on_fast_x" as fan_on__fast__x\n'
        '            state "on_fast_y" as fan_on__fast__y\n'
        "            [*] --> fan_on__fast__y\n"
        "        }\n"
        "        [*] --> fan_on__slow\n"
        "        fan_on__slow --> fan_on__fast: shift\n"
        "        fan_on__fast__x --> fan_on__slow: jump\n"
        "    }\n"
        '    state "both" as fan_both {\n'
        '        state "both_left" as fan_both__left\n'
        "        [*] --> fan_both__left\n"
        "        --\n"
        '        state "both_right" as fan_both__right {\n'
        '            state "both_right_u" as fan_both__right__u\n'
        "            [*] --> fan_both__right__u\n"
        "        }\n"
        "        [*] --> fan_both__right\n"
        "    }\n"
        "    [*] --> fan_off\n"
        "    fan_off --> fan_on: press\n"
        "    fan_on --> fan_off: press\n"
        "    fan_on__fast --> fan_both: split\n"
    )


def test_diagrams_mark_every_state_that_a_parallel_machine_is_in() -> None:
    machine = nested()
    model = machine.models[0]
    model.press()
    assert marks(machine) == {"fan_on__slow": "current"}
    model.shift()
    model.split()
    assert marks(machine) == {"fan_both__left": "current", "fan_both__right__u": "current"}
    drawing = diagram(machine, last=Edge("split", "on_fast", "both"))
    assert drawing.previous == "on_fast"
    assert marks(drawing)["fan_on__fast"] == "previous"


def test_diagrams_of_a_nested_machine_leave_out_the_triggers_that_transitions_adds() -> None:
    machine = nested()
    assert "to_on" not in mermaid(machine)
    assert ("to_on_fast_x", "off", "on_fast_x") in shown(diagram(machine, auto_transitions=True))


def test_diagrams_of_nested_enums() -> None:
    class Inner(Enum):
        A = "a"
        B = "b"

    class Outer(Enum):
        X = Inner
        Y = "y"

    machine = HierarchicalMachine(states=Outer, initial=Outer.Y)
    machine.add_transition("go", Outer.Y, Inner.B)
    machine.go()  # type: ignore[attr-defined]
    drawing = diagram(machine)
    assert drawing.states == ("X", "X_A", "X_B", "Y")
    assert shown(drawing) == {("go", "Y", "X_B")}
    assert (drawing.initial, drawing.active) == ("Y", ("X_B",))


def test_diagrams_of_a_machine_with_another_separator() -> None:
    class Dotted(NestedState):
        separator = "."

    class Machinery(HierarchicalMachine):
        state_cls = Dotted

    machine = Machinery(states=[{"name": "a", "children": ["b"]}, "c"], initial="a.b")
    machine.add_transition("go", "a.b", "c")
    drawing = diagram(machine)
    assert drawing.states == ("a", "a.b", "c")
    assert drawing.active == ("a.b",)


def test_diagrams_can_be_drawn_from_a_callback_within_a_nested_state() -> None:
    drawn: list[str] = []
    machine = nested()
    machine.get_state("on_fast").on_enter.append(lambda: drawn.append(mermaid(machine)))
    machine.models[0].press()
    machine.models[0].shift()
    assert [line for line in drawn[0].splitlines() if "class " not in line] == [
        line for line in mermaid(machine).splitlines() if "class " not in line
    ]


def test_diagrams_follow_an_asynchronous_machine() -> None:
    machine = nested(HierarchicalAsyncMachine)
    asyncio.run(machine.models[0].press())
    assert diagram(machine).active == ("on_slow",)


@needs_dot
@pytest.mark.parametrize("steps", [(), ("press",), ("press", "shift", "split")])
def test_diagrams_graphviz_draws_a_nested_machine(steps: tuple[str, ...]) -> None:
    machine = nested()
    machine.add_transition("loop", "on", "=")
    machine.add_transition("inward", "on", "on_fast_x")
    machine.add_transition("outward", "on_fast_x", "on")
    for step in steps:
        getattr(machine.models[0], step)()
    root = ET.fromstring(svg(machine))  # noqa: S314 - our own text
    ids = {element.get("id") for element in root.iter()}
    assert ids >= {node_id("fan", state) for state in diagram(machine).states}
    assert ids >= {diagram(machine).edge("on", "on"), diagram(machine).edge("on_fast", "both")}


def test_diagrams_render_is_the_function_of_that_name() -> None:
    machine = door()
    assert render(machine) == render(machine, "mermaid") == mermaid(machine)
    assert render(machine, "dot") == dot(machine)
    assert render(machine, "table") == table(machine)
    assert render(machine, "table", model=machine.models[0]) == table(machine)
    with pytest.raises(ValueError, match=r"'png'.*mermaid, dot, svg, table"):
        render(machine, "png")  # type: ignore[call-overload]
