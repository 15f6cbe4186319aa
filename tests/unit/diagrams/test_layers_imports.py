"""The arrows of the architecture, and what importing costs."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TOOL = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
LAYERS = [
    [name.strip() for name in layer.replace("|", ":").split(":")]
    for layer in next(one for one in TOOL["contracts"] if one["type"] == "layers")["layers"]
]
HEAVY = (
    "livekit",
    "google.protobuf",
    "aiohttp",
    "numpy",
    "cv2",
    "textual",
    "PySide6",
    "tkinter",
    "nicegui",
    "importlib.metadata",
)


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports_of(node: ast.AST, package: str) -> set[str]:
    """Everything that is imported at run time, wherever in the file."""
    found: set[str] = set()
    match node:
        case ast.Import(names=names):
            found |= {alias.name for alias in names}
        case ast.ImportFrom(module=module, names=names, level=level):
            base = ".".join(package.split(".")[: len(package.split(".")) + 1 - level])
            home = module or "" if level == 0 else f"{base}.{module}".rstrip(".")
            found |= {home, *(f"{home}.{alias.name}" for alias in names)}
    children = node.orelse if is_type_checking(node) else ast.iter_child_nodes(node)  # type: ignore[attr-defined]
    for child in children:
        found |= imports_of(child, package)
    return found


def graph() -> dict[str, set[str]]:
    modules: dict[str, set[str]] = {}
    for top in ("session_fsm", "stores"):
        for path in (ROOT / top).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            package = name if is_package else name.rpartition(".")[0]
            modules[name] = imports_of(ast.parse(path.read_text()), package)
    return modules


GRAPH = graph()


def reached_from(name: str) -> set[str]:
    """Every module of the project that this one imports, directly or not."""
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        for other in GRAPH[waiting.pop()] & GRAPH.keys() - reached:
            reached.add(other)
            waiting.append(other)
    return reached


def is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def test_layers_are_modules_that_there_are() -> None:
    assert {name for layer in LAYERS for name in layer} <= GRAPH.keys()


@pytest.mark.parametrize("place", range(1, len(LAYERS)), ids=lambda place: LAYERS[place][0])
def test_layers_import_nothing_above_them(place: int) -> None:
    above = [name for layer in LAYERS[:place] for name in layer]
    for layer in LAYERS[place]:
        for module in (name for name in GRAPH if is_in(name, layer)):
            wrong = {
                found for found in reached_from(module) if any(is_in(found, name) for name in above)
            }
            assert not wrong, module


def test_layers_only_the_transport_and_the_token_builder_import_livekit() -> None:
    direct = {name for name, found in GRAPH.items() if any(is_in(one, "livekit") for one in found)}
    transport = {name for name in direct if is_in(name, "session_fsm.transports.livekit")}
    assert transport
    assert direct - transport <= {"session_fsm.tokens.api_key", "session_fsm.audio.echo"}
    rtc = {name for name, found in GRAPH.items() if "livekit.rtc" in found}
    assert rtc <= transport | {"session_fsm.audio.echo"}


def test_layers_the_session_channels_protocol_is_loaded_in_one_place_when_it_is_needed() -> None:
    """By name, at run time: a session whose agent says nothing never loads protobuf."""
    names = {path for path in (ROOT / "session_fsm").rglob("*.py") if names_protocol(path)}
    assert names == {ROOT / "session_fsm" / "channel" / "wire.py"}


def names_protocol(path: Path) -> bool:
    return any(
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith(("livekit.protocol", "google.protobuf"))
        and " " not in node.value
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_layers_a_transport_knows_neither_session_nor_reducer() -> None:
    for module in (name for name in GRAPH if is_in(name, "session_fsm.transports")):
        upward = {"session_fsm.session", "session_fsm.run", "session_fsm.reducer"}
        assert not reached_from(module) & upward


def test_layers_nobody_imports_the_command() -> None:
    for module, found in GRAPH.items():
        if module != "session_fsm.__main__" and not is_in(module, "session_fsm.cli"):
            assert not any(is_in(one, "session_fsm.cli") for one in found), module


@pytest.mark.parametrize(
    "statement",
    [
        "import session_fsm",
        "from session_fsm import Session",
        "from session_fsm import TokenSource; TokenSource.loopback()",
        "import session_fsm.diagrams",
        "import session_fsm; session_fsm.channel.ToolCall",
        "import session_fsm.recording",
        "import session_fsm.ui",
        (
            "from session_fsm.ui import *; from session_fsm import Session, TokenSource; "
            "VisualizerModel(Session(TokenSource.loopback()))"
        ),
    ],
)
def test_layers_importing_stays_cheap(statement: str) -> None:
    program = f"{statement}\nimport sys\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
