"""The command line as a whole: every verb helps, is documented, and fails in the same way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runs import run

from cli.errors import ExitCode

pytestmark = pytest.mark.pure
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "cli.md"
VERBS = [
    ("status",),
    ("watch",),
    ("abort",),
    ("retry",),
    ("explain",),
    ("budget",),
    ("slo",),
    ("override",),
    ("override", "keygen"),
    ("override", "withdraw"),
    ("plan",),
    ("judge",),
    ("doctor",),
    ("bake",),
    ("yard", "up"),
    ("yard", "down"),
    ("yard", "status"),
    ("yard", "preflight"),
    ("tools", "ensure"),
    ("tools", "list"),
]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_helps_and_speaks_json(verb: tuple[str, ...]) -> None:
    told = run(*verb, "--help")
    assert told.code == 0
    assert "--json" in told.out


def test_the_page_tells_every_verb_and_every_exit_code() -> None:
    page = DOCUMENT.read_text()
    for verb in [*VERBS, ("up",), ("down",), ("release",), ("publish",), ("pulumi",)]:
        assert f"`{verb[0]}" in page, f"`switchyard {verb[0]}` is not documented"
        assert verb[-1] in page, f"`switchyard {' '.join(verb)}` is not documented"
    for code in ExitCode:
        assert f"| {int(code)} |" in page, f"exit code {int(code)} is not documented"


def test_the_exit_codes_are_told_where_one_looks_first() -> None:
    told = " ".join(run("--help").out.split())
    assert "2 usage or invalid input" in told
    assert "130 interrupted" in told


def test_a_verb_that_does_not_exist_is_a_usage_error() -> None:
    assert run("statsu").code == 2


def test_the_tools_are_listed_as_one_document() -> None:
    found = run("tools", "list", "--json").document
    assert set(found) == {"cache", "tools"}
    assert {"name", "group", "version", "state", "source", "seconds", "commands"} == set(
        found["tools"][0]
    )


def test_an_unknown_tool_is_invalid_input() -> None:
    told = run("tools", "ensure", "hammer", "--json")
    assert told.code == 2
    assert json.loads(told.out)["error"]["value"] == "hammer"


def test_an_unknown_image_is_invalid_input() -> None:
    told = run("bake", "hammer", "--json")
    assert told.code == 2
    assert "There is no image 'hammer'" in json.loads(told.out)["error"]["consequence"]


def test_help_imports_neither_the_cluster_nor_the_settings_nor_rich() -> None:
    script = (
        "import sys, cli.main; "
        "print([m for m in ('rich', 'pydantic', 'lightkube', 'pulumi', 'httpx2') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]", "what is imported here, every `--help` waits for"
