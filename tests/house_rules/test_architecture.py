"""The architecture page, held to by machines."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("cli", "components", "controller", "evidence", "images", "judge", "local", "slo", "tools")
SETTINGS = ("settings.py", "settings_ramp.py", "settings_rules.py")

pytestmark = pytest.mark.pure


def sources(*rooms: str) -> list[Path]:
    found = [path for room in rooms for path in (PROJECT / room).rglob("*.py")]
    assert found, f"no sources under {rooms}: the rule below would hold by looking at nothing"
    return found


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def test_imports_point_one_way() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_settings_know_no_room_but_the_image_lock() -> None:
    rooms = {room for name in SETTINGS for room in imports(PROJECT / name) & set(ROOMS)}
    assert rooms <= {"images"}, "settings are read before anything stands, and by everything"


def test_the_controller_runs_without_pulumi() -> None:
    offenders = [p for p in sources("controller", "judge") if "pulumi" in imports(p)]
    assert not offenders, "the controller's image holds no Pulumi: an import would end it at start"


def test_the_judge_does_no_input_or_output() -> None:
    io = {"asyncio", "httpx", "os", "pathlib", "random", "socket", "subprocess", "time"}
    offenders = {p.name: imports(p) & io for p in sources("judge") if imports(p) & io}
    assert not offenders, "the judge is a pure function of counts"


def test_objectives_are_read_from_files_and_ask_nobody() -> None:
    outside = {"aiohttp", "httpx2", "lightkube", "pulumi", "socket", "subprocess", "time"}
    offenders = {p.name: imports(p) & outside for p in sources("slo") if imports(p) & outside}
    assert not offenders, "the same files give the same rules, wherever they are made"


def test_the_program_reads_top_down_in_under_sixty_lines() -> None:
    assert len((PROJECT / "__main__.py").read_text().splitlines()) < 60


def test_settings_are_the_only_reader_of_the_stack_configuration() -> None:
    pattern = re.compile(r"pulumi\.Config\(|from pulumi import .*\bConfig\b")
    readers = [
        str(path.relative_to(PROJECT))
        for path in [*sources("components"), PROJECT / "__main__.py"]
        if pattern.search(path.read_text())
    ]
    assert not readers, "two readers of one setting drift apart"


def test_no_file_hides_a_second_noun() -> None:
    long = {
        str(path.relative_to(PROJECT)): lines
        for path in sources(*ROOMS)
        if (lines := len(path.read_text().splitlines())) > 400
    }
    assert not long, "a file past 400 lines holds a noun that wants a file of its own"


def test_every_make_target_the_documents_name_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    for page in [PROJECT / "README.md", *(PROJECT / "docs").glob("*.md")]:
        named = set(re.findall(r"`make ([a-z]+)", page.read_text()))
        assert named <= targets, f"{page.name} names targets that do not exist"


def test_every_file_the_readme_links_exists() -> None:
    for page in [PROJECT / "README.md", *(PROJECT / "docs").glob("*.md")]:
        links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
        missing = [link for link in links if not (page.parent / link).exists()]
        assert not missing, f"{page.name} links to what is not there"
