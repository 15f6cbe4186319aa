"""Lighting up a picture that is there already, instead of drawing it anew.

``marks()`` says which elements of an SVG are lit, by id. ``highlight()`` writes that into the text
of the SVG, as classes with a small style. Qt before 6.10 reads no styles: ``boxes()`` says where
each state is, so that a program can paint over the picture.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias
from xml.etree import ElementTree as ET

from session_fsm.diagrams.drawable import picture
from session_fsm.diagrams.model import Diagram, Overview

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from session_fsm.diagrams.drawable import Drawable

Mark: TypeAlias = Literal["current", "previous", "last"]

MARKS: Final[tuple[Mark, ...]] = ("current", "previous", "last")
STYLE: Final = """\
.session-fsm .current > path, .session-fsm .current > polygon { fill: #1f6feb; stroke: #0b3d91; }
.session-fsm .current > path, .session-fsm .current > polygon { stroke-width: 2; }
.session-fsm .current > text { fill: #ffffff; }
.session-fsm .previous > path, .session-fsm .previous > polygon { stroke: #1f6feb; }
.session-fsm .previous > path { stroke-width: 2; stroke-dasharray: 5 2; }
.session-fsm .last > path { stroke: #1f6feb; stroke-width: 2; }
.session-fsm .last > polygon { fill: #1f6feb; stroke: #1f6feb; }
.session-fsm .last > text { fill: #0b3d91; }
"""
"""What the marks look like, for the ``<style>`` of a page whose SVGs are in a ``.session-fsm``."""

_GROUP: Final = re.compile(r'<g id="(?P<id>[^"]*)" class="(?P<classes>[^"]*)"')
_NAMELESS: Final = re.compile(r"(node|clust)\d+")
"""What Graphviz calls the dots that arrows start at, and boxes without an id; none of ours."""
_ROOT: Final = re.compile(r"<svg(?P<given>[^>]*)>")
_SVG: Final = "{http://www.w3.org/2000/svg}"
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_SHIFT: Final = re.compile(r"translate\((?P<x>\S+) (?P<y>\S+)\)")


class Box(NamedTuple):
    """Where something is in a picture, in the units of its ``viewBox``, from its left upper corner.

    A program that scales the picture scales these by the same factor.
    """

    x: float
    y: float
    width: float
    height: float


def marks(what: Drawable, *, machine: str | None = None, model: object = None) -> dict[str, Mark]:
    """Return which elements are lit: id -> ``"current"``, ``"previous"`` or ``"last"``.

    Arguments are those of `session_fsm.diagrams.svg`. A state that is both current and previous,
    because the last transition led back to it, is current.
    """
    return dict(_marks(picture(what, machine, model)))


def highlight(svg: str, what: Drawable, *, machine: str | None = None, model: object = None) -> str:
    """Return the picture with the states and arrows lit that are lit at this moment.

    The elements get classes, and the picture a style for them. A picture that was highlighted
    before is highlighted anew.

    Args:
        svg: What `session_fsm.diagrams.svg` drew of the same machine, best without any marks:
            ``svg(drawing.unmarked())``.
        what: The session or machine, or its ``diagram(machine, current=..., last=...)``.
        machine: As for `session_fsm.diagrams.svg`.
        model: As for `session_fsm.diagrams.svg`.
    """
    lit = marks(what, machine=machine, model=model)

    def classes(found: re.Match[str]) -> str:
        kept = [one for one in found["classes"].split() if one not in MARKS]
        mark = lit.get(found["id"])
        return f'<g id="{found["id"]}" class="{" ".join([*kept, *([mark] if mark else [])])}"'

    text = _GROUP.sub(classes, svg)
    if 'class="session-fsm"' in text:
        return text
    style = f'<svg class="session-fsm"\\g<given>><style>{STYLE}</style>'
    return _ROOT.sub(style, text, count=1)


def boxes(svg: str) -> dict[str, Box]:
    """Return where the states of a picture are: id -> box.

    Args:
        svg: What `session_fsm.diagrams.svg` drew.

    Raises:
        ValueError: It is no SVG.
    """
    try:
        root = ET.fromstring(svg)  # noqa: S314 - a text of Graphviz, without entities
    except ET.ParseError as error:
        raise ValueError(f"this is no SVG: {error}") from None
    left, top = map(float, root.get("viewBox", "0 0 0 0").split()[:2])
    found: dict[str, Box] = {}
    for graph in root.findall(f"{_SVG}g"):
        shift = _SHIFT.search(graph.get("transform", ""))
        x, y = (float(shift["x"]), float(shift["y"])) if shift else (0.0, 0.0)
        for group in graph.findall(f"{_SVG}g"):
            name, points = group.get("id", ""), list(_points(group))
            is_edge = group.get("class", "").startswith("edge")
            if points and not is_edge and not _NAMELESS.fullmatch(name):
                box = _around(points)
                found[name] = box._replace(x=box.x + x - left, y=box.y + y - top)
    return found


def _marks(drawing: object) -> Iterator[tuple[str, Mark]]:
    match drawing:
        case Overview(charts):
            for chart in charts:
                yield from _marks(chart)
        case Diagram():
            if drawing.previous is not None:
                yield drawing.id(drawing.previous), "previous"
            for state in drawing.active:
                yield drawing.id(state), "current"
            for arrow in drawing.arrows:
                if arrow.is_last:
                    yield drawing.arrow_id(arrow), "last"
        case _:
            return


def _points(group: ET.Element) -> Iterator[tuple[float, float]]:
    """Yield the corners of what is drawn; the curves of rounded corners stay within theirs."""
    for shape in group:
        if shape.tag == f"{_SVG}ellipse":
            cx, cy, rx, ry = (float(shape.get(name, "0")) for name in ("cx", "cy", "rx", "ry"))
            yield cx - rx, cy - ry
            yield cx + rx, cy + ry
        else:
            numbers = [
                float(one) for one in _NUMBER.findall(shape.get("d") or shape.get("points") or "")
            ]
            yield from zip(numbers[::2], numbers[1::2], strict=True)


def _around(points: Iterable[tuple[float, float]]) -> Box:
    xs, ys = zip(*points, strict=True)
    return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
