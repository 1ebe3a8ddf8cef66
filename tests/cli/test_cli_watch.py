"""`switchyard watch`: a picture in a terminal, one line per change anywhere else."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import signal
import sys
import termios
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import shop_story

from cli import changes, cluster, follow, traffic, watch
from cli.errors import BadNews, ExitCode
from cli.rest import Rest
from cli.views import switch_view

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fake_kube import FakeApi

pytestmark = pytest.mark.pure
PATIENCE = 30.0
NOW = shop_story.START
WATCHED = "/apis/switchyard.dev/v1alpha1/namespaces/shop/trafficswitches"


def watching(kubeconfig: Path, story: Callable[[], bool], *, as_json: bool = False) -> ExitCode:
    """Run `switchyard watch` while a story is told.

    Ctrl-C ends the watch after the story, unless the story says that it has ended by itself.
    """
    errors: list[BaseException] = []
    left = threading.Event()

    def tell() -> None:
        ended = False
        try:
            ended = story()
        except BaseException as error:  # noqa: BLE001 - raised again in the test's own thread
            errors.append(error)
        while not ended:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            # again, as a person would: Python drops an interrupt that meets a finaliser
            ended = left.wait(PATIENCE)

    client = cluster.client("local", kubeconfig=kubeconfig)
    view = cluster.switch(client)
    teller = threading.Thread(target=tell)
    teller.start()
    try:
        code = watch.watch(client, view, as_json=as_json)
    finally:
        left.set()
    teller.join()
    if errors:
        raise errors[0]
    return code


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition; a test that waits for nothing in particular waits too long."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"never saw {what}"
        time.sleep(0.01)


@pytest.fixture
def kubeconfig(api: FakeApi, tmp_path: Path) -> Path:
    return api.kubeconfig(tmp_path / "kubeconfig")


def test_without_a_terminal_every_change_is_one_line(api: FakeApi, kubeconfig: Path) -> None:
    def story() -> bool:
        until(lambda: "now" in pipe.getvalue(), "the state at the start")
        api.put(shop_story.to_green("Confirming", 100))
        api.put(shop_story.on_green())
        until(lambda: "ended" in pipe.getvalue(), "the end of the release")
        return False

    api.put(shop_story.on_blue())
    with contextlib.redirect_stdout(io.StringIO()) as pipe:
        assert watching(kubeconfig, story) is ExitCode.INTERRUPTED, "Ctrl-C leaves with 130"
    lines = [line.split(maxsplit=3)[1:] for line in pipe.getvalue().splitlines()]
    assert lines == [
        ["shop", "now", "Settled, blue serves: every gateway pod serves blue"],
        ["shop", "goal", "live green is asked for, release 93ee000000000002"],
        ["shop", "phase", "Confirming: reason of Confirming"],
        ["shop", "weights", "blue 0%, green 100%"],
        ["shop", "phase", "Settled: reason of Settled"],
        ["shop", "serving", "green serves"],
        ["shop", "ended", "promoted, flip 37 ms"],
    ]


def test_json_is_one_object_a_line(api: FakeApi, kubeconfig: Path) -> None:
    def story() -> bool:
        until(lambda: "now" in pipe.getvalue(), "the state at the start")
        api.put(shop_story.to_green("Preparing", 0))
        until(lambda: "Preparing" in pipe.getvalue(), "the phase")
        return False

    api.put(shop_story.on_blue())
    with contextlib.redirect_stdout(io.StringIO()) as pipe:
        watching(kubeconfig, story, as_json=True)
    events = [json.loads(line) for line in pipe.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["now", "goal", "phase"]
    for event in events:
        assert set(event) == {
            "at",
            "twin",
            "event",
            "phase",
            "serving",
            "weights",
            "release",
            "detail",
        }


def test_a_deleted_switch_ends_the_watch_with_bad_news(api: FakeApi, kubeconfig: Path) -> None:
    def story() -> bool:
        until(lambda: "now" in pipe.getvalue(), "the state at the start")
        api.delete("shop")
        return True

    api.put(shop_story.on_blue())
    with (
        contextlib.redirect_stdout(io.StringIO()) as pipe,
        pytest.raises(BadNews, match="it was deleted"),
    ):
        watching(kubeconfig, story)


def test_a_lost_connection_is_told_once(
    api: FakeApi, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "RECONNECT_SECONDS", 0.01)
    attempts = len(api.queries)

    def story() -> bool:
        until(lambda: "now" in pipe.getvalue(), "the state at the start")
        api.documents[WATCHED] = 500
        api.hang_up()
        until(lambda: len(api.queries) > attempts + 5, "several attempts to connect")
        del api.documents[WATCHED]
        until(lambda: "back" in pipe.getvalue(), "that it is connected again")
        return False

    api.put(shop_story.on_blue())
    with contextlib.redirect_stdout(io.StringIO()) as pipe:
        watching(kubeconfig, story)
    assert [line.split()[2] for line in pipe.getvalue().splitlines()] == ["now", "lost", "back"]


class Terminal:
    """A real pseudo terminal, as standard input and output of this process."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (40, 120))
        self.stdin = os.fdopen(os.dup(slave), "r")
        self.stdout = os.fdopen(slave, "w")
        self.before = termios.tcgetattr(self.stdin.fileno())
        self.seen = ""
        # always reading: a terminal that nobody reads blocks its writer
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self.master, 65536):
                self.seen += data.decode(errors="replace")

    def press(self, key: bytes) -> None:
        os.write(self.master, key)

    def close(self) -> None:
        self.stdin.close()
        self.stdout.close()
        self._reader.join(PATIENCE)
        os.close(self.master)


@pytest.mark.parametrize(("key", "code"), [(b"q", ExitCode.OK), (None, ExitCode.INTERRUPTED)])
def test_in_a_terminal_the_picture_shows_all_and_leaves_cleanly(
    api: FakeApi,
    kubeconfig: Path,
    monkeypatch: pytest.MonkeyPatch,
    key: bytes | None,
    code: ExitCode,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdin", terminal.stdin)
    monkeypatch.setattr(sys, "stdout", terminal.stdout)
    monkeypatch.setenv("TERM", "xterm-256color")

    def story() -> bool:
        until(lambda: "no data" in terminal.seen, "that there is no traffic data")
        api.put(shop_story.on_green())
        until(lambda: "rollback window" in terminal.seen, "the promotion")
        if key:
            terminal.press(key)
        return key is not None

    api.put(shop_story.on_blue())
    ended = watching(kubeconfig, story)
    after = termios.tcgetattr(terminal.stdin.fileno())
    monkeypatch.undo()
    terminal.close()
    seen = terminal.seen
    assert ended is code
    assert after == terminal.before, "the terminal is spoilt"
    assert "\x1b[?1049l" in seen, "the alternate screen was not left"
    for fact in ("shop", "requests/s", "phases of this release", "history", "promoted", "q quits"):
        assert fact in seen


def series(colour: str, outcome: str, value: str) -> dict[str, Any]:
    return {"metric": {"colour": colour, "outcome": outcome}, "value": [1.0, value]}


def answer(*result: dict[str, Any]) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "vector", "result": list(result)}}


def test_traffic_is_read_per_colour_through_the_api_servers_proxy(
    api: FakeApi, kubeconfig: Path
) -> None:
    api.documents[traffic.PROMETHEUS] = answer(
        series("blue", "all", "512.5"), series("blue", "error", "0"), series("green", "all", "0")
    )
    rest = Rest(cluster.client("local", kubeconfig=kubeconfig))
    found = traffic.read(rest, "shop")
    assert found.colours["blue"].requests_per_second == 512.5
    assert found.colours["blue"].errors_per_second == 0.0
    assert found.colours["green"].requests_per_second == 0.0
    assert found.colours["green"].errors_per_second is None, "not counted is not zero"
    path, query = api.queries[-1]
    assert path.startswith("/api/v1/namespaces/observability/services/prometheus:9090/proxy/")
    assert 'twin="shop"' in query["query"]


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (404, "no Service prometheus"),
        (503, "Prometheus cannot be asked: it does not answer"),
        (answer(), "no such series yet"),
        (answer(series("blue", "all", "NaN")), "no such series yet"),
        ({"status": "error", "error": "bad query"}, "refused the query"),
    ],
)
def test_no_data_is_told_with_its_reason_and_never_as_zero(
    api: FakeApi, kubeconfig: Path, document: dict[str, Any] | int, why: str
) -> None:
    api.documents[traffic.PROMETHEUS] = document
    found = traffic.read(Rest(cluster.client("local", kubeconfig=kubeconfig)), "shop")
    assert why in (found.no_data_because or "")
    assert all(one.requests_per_second is None for one in found.colours.values())


def test_a_phase_that_came_and_went_between_two_looks_is_told() -> None:
    before = switch_view(shop_story.to_green("Preparing", 0))
    raw = shop_story.to_green("Shifting", 0)
    raw["status"]["phases"] = [
        {"phase": name, "at": shop_story.stamp(10 + second), "reason": name}
        for second, name in enumerate(("Preparing", "Probing", "Shifting"))
    ]
    told = changes.between(before, switch_view(raw), NOW)
    assert [change.phase for change in told if change.event == "phase"] == ["Probing", "Shifting"]


def test_the_same_state_twice_is_no_change() -> None:
    view = switch_view(shop_story.on_green())
    assert changes.between(view, view, NOW) == []
