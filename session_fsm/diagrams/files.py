"""The generated files of the project, and the generated parts of its documents.

``write(folder)`` brings all of them up to date, ``check(folder)`` says which ones are not:

- ``folder/<name>.mmd``, ``.dot`` and ``.svg`` for each of ``NAMES``;
- in ``README.md`` and ``docs/architecture.md`` beside the folder, where they exist, everything
  between ``<!-- diagram:<name> -->`` and ``<!-- /diagram:<name> -->``, and between
  ``<!-- table:<name> -->`` and ``<!-- /table:<name> -->`` (``table:errors`` are the error kinds).

How Graphviz lays out a picture depends on its version and on the fonts, so an SVG counts as up to
date when it was made of the present DOT text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from session_fsm.charts import CHARTS
from session_fsm.diagrams import Diagram, coupling, diagram, dot, mermaid, table
from session_fsm.diagrams.to_svg import is_drawn_from, svg_of
from session_fsm.diagrams.to_table import markdown_table
from session_fsm.errors import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from session_fsm.diagrams import Coupling

DRAWINGS: Final[Mapping[str, Diagram | Coupling]] = {
    **{chart.name: diagram(chart) for chart in CHARTS},
    "coupling": coupling(),
}
NAMES: Final = tuple(DRAWINGS)
DOCUMENTS: Final = ("README.md", "docs/architecture.md")

_BLOCK: Final = re.compile(
    r"(?P<open><!-- (?P<kind>diagram|table):(?P<name>\w+) -->\n).*?"
    r"(?P<close><!-- /(?P=kind):(?P=name) -->)",
    re.DOTALL,
)


def check(folder: Path) -> list[Path]:
    """Return the files that are missing or not up to date."""
    return [path for path, _ in _stale(folder)]


def write(folder: Path) -> list[Path]:
    """Write the files that are missing or not up to date, and return them.

    Raises:
        GraphvizError: A picture has to be drawn, and Graphviz is not installed or failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for path, text in _stale(folder):
        path.write_text(svg_of(text) if path.suffix == ".svg" else text, encoding="utf-8")
        written.append(path)
    return written


def filled(document: str) -> str:
    """Return a document with everything between its markers generated anew.

    Raises:
        ValueError: A marker names something that there is not.
    """
    return _BLOCK.sub(_block, document)


def _stale(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield what is not up to date, and the text that it should be made of."""
    for name, drawing in DRAWINGS.items():
        source = dot(drawing)
        for path, text in (
            (folder / f"{name}.mmd", mermaid(drawing)),
            (folder / f"{name}.dot", source),
        ):
            if _read(path) != text:
                yield path, text
        picture = folder / f"{name}.svg"
        if not is_drawn_from(_read(picture), source):
            yield picture, source
    for name in DOCUMENTS:
        path = folder.resolve().parent / name
        text = _read(path)
        if filled(text) != text:
            yield path, filled(text)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _block(found: re.Match[str]) -> str:
    kind, name = found["kind"], found["name"]
    if kind == "table" and name == "errors":
        text = f"\n{_errors()}\n"
    elif name not in DRAWINGS:
        raise ValueError(f"there is no {kind} of {name!r}: it is one of {', '.join(NAMES)}")
    elif kind == "table":
        text = f"\n{table(DRAWINGS[name])}\n"
    else:
        text = f"```mermaid\n{mermaid(DRAWINGS[name])}```\n"
    return f"{found['open']}{text}{found['close']}"


def _errors() -> str:
    rows = (
        (f"`{error}`", f"`{kind}`", meaning)
        for error, kinds in KINDS.items()
        for kind, meaning in kinds.items()
    )
    return markdown_table(("error", "`.kind`", "what happened"), rows)
