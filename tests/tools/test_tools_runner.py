from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tools.errors import Interrupted, SourceFailed
from tools.runner import Runner

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.pure  # the only process is a short-lived Python of our own


def test_a_failure_names_the_log_and_shows_its_end(tmp_path: Path) -> None:
    log = tmp_path / "logs/widget.log"
    script = "print('compiling'); print('undefined: Frobnicate'); raise SystemExit(3)"
    with pytest.raises(SourceFailed) as caught:
        Runner().run([sys.executable, "-c", script], log=log)
    said = str(caught.value)
    assert "ended with 3" in said
    assert str(log) in said
    assert "undefined: Frobnicate" in said
    assert "compiling\n" in log.read_text()


def test_a_program_that_is_not_there_is_a_reason_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="could not be started"):
        Runner().run([str(tmp_path / "nothing")], log=tmp_path / "log")


def test_stopping_ends_a_program_with_its_children(tmp_path: Path) -> None:
    runner = Runner()
    alive = tmp_path / "alive"
    child = f"import time,pathlib\nwhile 1: pathlib.Path({str(alive)!r}).touch(); time.sleep(.02)"
    parent = f"import subprocess,sys; subprocess.run([sys.executable, '-c', {child!r}])"
    ended: list[BaseException] = []

    def work() -> None:
        try:
            runner.run([sys.executable, "-c", parent], log=tmp_path / "log")
        except Interrupted as reason:
            ended.append(reason)

    worker = threading.Thread(target=work)
    worker.start()
    deadline = time.monotonic() + 10
    while not alive.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    runner.stop()
    worker.join(10)
    assert ended, "whoever waits for the program must hear that the run was stopped"
    alive.unlink()
    time.sleep(0.2)
    assert not alive.exists(), "a compiler must not go on when its build was stopped"
