"""Waits end with the condition or with a reason."""

from pathlib import Path

import pytest

from local.errors import YardError
from local.waiting import ending, wait_for

pytestmark = pytest.mark.pure


def test_a_condition_that_comes_is_waited_for_and_no_longer() -> None:
    answers = iter(["not yet", "not yet", None])
    wait_for("it comes", lambda: next(answers), timeout=5, interval=0)
    assert next(answers, "exhausted") == "exhausted"


def test_a_condition_that_does_not_come_names_itself_the_reason_and_the_log(tmp_path: Path) -> None:
    log = tmp_path / "etcd.log"
    log.write_text("\n".join(f"line {number}" for number in range(100)))
    with pytest.raises(YardError) as caught:
        wait_for("etcd is ready", lambda: "port is closed", timeout=0, log=log)
    text = str(caught.value)
    assert "until etcd is ready" in text
    assert "port is closed" in text
    assert "line 99" in text
    assert "line 50" not in text, "the end of a log is what helps, not all of it"


def test_a_missing_log_is_said_to_be_missing(tmp_path: Path) -> None:
    assert "does not exist" in ending(tmp_path / "none.log")
    assert ending(None) == ""
