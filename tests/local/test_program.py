"""A program's section says to supervisor what the program says to us."""

import configparser
import shlex
from pathlib import Path

import pytest

from local.program import Program

pytestmark = pytest.mark.pure


def _section(program: Program) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(program.section(Path("/logs/x.log")))
    return parser[f"program:{program.name}"]


def test_a_command_with_blanks_and_quotes_arrives_whole() -> None:
    command = ("/bin/x", "--name=a b", "it's", '--json={"a": 1}')
    section = _section(Program(name="x", command=command))
    assert tuple(shlex.split(section["command"])) == command


def test_percent_signs_are_not_taken_for_supervisors_own() -> None:
    section = _section(Program(name="x", command=("/bin/x", "%d"), environment={"A": "100%"}))
    assert "%%d" in section["command"]
    assert section["environment"] == 'A="100%%"'


def test_every_program_is_restarted_when_it_dies() -> None:
    assert _section(Program(name="x", command=("/bin/x",)))["autorestart"] == "true"


def test_another_configuration_makes_another_section(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    program = Program(name="x", command=("/bin/x",), files=(file,))
    file.write_text("a")
    first = program.section(Path("/logs/x.log"))
    assert program.section(Path("/logs/x.log")) == first
    file.write_text("b")
    assert program.section(Path("/logs/x.log")) != first, "else a changed file would go unread"
