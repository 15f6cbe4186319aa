import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from session_fsm.data.file_names import DEVICES, LONGEST, harmless
from session_fsm.testing import run_virtual
from unit.data.streams_world import header, started

NASTY = [
    "../../etc/passwd",
    "..",
    ".",
    "",
    "/etc/passwd",
    "C:\\Windows\\system32\\cmd.exe",
    "C:evil.txt",
    "\\\\server\\share\\file",
    "a\x00b.txt",
    ".bashrc",
    "...hidden",
    "CON",
    "con.txt",
    "COM1.tar.gz",
    "nul ",
    "name.",
    "name. . .",
    " lead",
    "file.txt:stream",
    "a" * 300 + ".png",
    "é" * 300 + ".png",
    "x." + "y" * 300,
    "line\nbreak.txt",
    "gpj.\u202eexe",
    "\ud800.txt",
    "~/x",
    "*?<>|",
]


def is_harmless(name: str) -> None:
    assert name
    assert name == os.path.basename(name)  # noqa: PTH119
    assert not set('/\\:\x00\r\n<>"|?*') & set(name)
    assert name.isprintable()
    assert not name.startswith(".")
    assert not name.endswith((".", " "))
    assert name.split(".", maxsplit=1)[0].strip().lower() not in DEVICES
    assert len(name.encode()) <= LONGEST + 1


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_name_is_made_harmless(name: str) -> None:
    is_harmless(harmless(name))


@given(
    st.text(st.characters(codec=None), max_size=400) | st.sampled_from(NASTY).map(lambda x: x * 2)
)
def test_any_name_is_made_harmless(name: str) -> None:
    is_harmless(harmless(name))
    assert harmless(harmless(name)) == harmless(name)


@pytest.mark.parametrize("name", ["report.pdf", "Grüße 2026.txt", "日本語.png", "a.tar.gz", "x"])
def test_an_ordinary_name_stays(name: str) -> None:
    assert harmless(name) == name


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None
)
@given(st.lists(st.sampled_from(NASTY), min_size=1, max_size=5))
def test_whatever_the_names_all_files_are_in_the_folder_and_none_is_lost(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    outer = tmp_path_factory.mktemp("outer")
    folder = outer / "folder"
    folder.mkdir()

    async def receive() -> list[Path]:
        async with started() as world:
            saved: list[Path] = []
            for number, name in enumerate(names):
                world.agent.send_stream(header(name=name), f"file {number}".encode())
                saved.append(await world.streams[-1].save(folder))
            return saved

    saved = run_virtual(receive())
    assert list(outer.iterdir()) == [folder]
    assert sorted(folder.iterdir()) == sorted(saved)
    assert len(set(saved)) == len(names)
    assert [path.read_text() for path in saved] == [f"file {n}" for n in range(len(names))]


async def test_files_that_are_there_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("mine")
    (tmp_path / "a (2).txt").symlink_to(tmp_path / "nowhere")
    async with started() as world:
        world.agent.send_stream(header(name="a.txt"), b"theirs")
        assert await world.streams[0].save(tmp_path) == tmp_path / "a (3).txt"
        assert await world.streams[0].save(str(tmp_path)) == tmp_path / "a (4).txt"
    assert (tmp_path / "a.txt").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


async def test_a_path_that_the_caller_chose_is_taken(tmp_path: Path) -> None:
    async with started() as world:
        world.agent.send_stream(header(name="../../a.txt"), b"new")
        place = tmp_path / "chosen.bin"
        place.write_text("old")
        assert await world.streams[0].save(place) == place
        assert place.read_bytes() == b"new"
        assert os.listdir(tmp_path) == ["chosen.bin"]  # noqa: PTH208
        with pytest.raises(FileNotFoundError):
            await world.streams[0].save(tmp_path / "no such folder" / "file")


async def test_a_text_can_be_saved_too(tmp_path: Path) -> None:
    from session_fsm import StreamKind  # noqa: PLC0415

    async with started() as world:
        world.agent.send_stream(header("notes", StreamKind.TEXT), "grün")
        saved = await world.texts[0].save(tmp_path)
        assert saved.read_text(encoding="utf-8") == "grün"
