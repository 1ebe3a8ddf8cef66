"""What dies in the yard comes back; asking for what is there changes nothing."""

import os
import signal
import time
from pathlib import Path

import pytest

from local import docker, git_server, yard
from local.host import run
from local.waiting import wait_for

pytestmark = pytest.mark.yard


@pytest.fixture(scope="module", autouse=True)
def _yard() -> None:
    yard.up()


@pytest.mark.parametrize("name", ["kubelet", "containerd", "coredns", "kube-scheduler", "git"])
def test_a_killed_process_is_started_again(name: str) -> None:
    former = _process(name)
    assert former.pid is not None
    os.kill(former.pid, signal.SIGKILL)

    def back() -> str | None:
        now = _process(name)
        return None if now.state == "RUNNING" and now.pid != former.pid else now.state

    wait_for(f"{name} is back", back, timeout=30)
    assert _process(name).restarts == former.restarts + 1, "people must see that it died"


def test_up_is_quick_and_changes_nothing_when_it_is_up() -> None:
    wait_for("the yard is up", lambda: None if yard.status().up else "not yet", timeout=60)
    before = {item.name: item.pid for item in yard.status().processes}
    begun = time.monotonic()
    yard.up()
    assert time.monotonic() - begun < 10
    assert {item.name: item.pid for item in yard.status().processes} == before


def test_a_bakes_engine_comes_and_goes_beside_the_pods() -> None:
    before = {item.name: item.pid for item in yard.status().processes}
    with docker.running() as host:
        answer = run("curl", "-s", "--unix-socket", host.removeprefix("unix://"), "http://d/_ping")
        assert answer == "OK"
    after = {item.name: item.pid for item in yard.status().processes}
    assert {name: after[name] for name in before} == before


def test_a_published_revision_can_be_fetched_by_its_id_for_ever(tmp_path: Path) -> None:
    content = tmp_path / "content"
    content.mkdir()
    (content / "file").write_text("one")
    first = git_server.publish("supervision-test.git", content)
    assert first == git_server.commit_of(content)
    (content / "file").write_text("two")
    assert git_server.publish("supervision-test.git", content) != first
    clone = tmp_path / "clone"
    run("git", "init", "--quiet", str(clone))
    url = "git://10.213.0.1/supervision-test.git"
    run("git", "-C", str(clone), "fetch", "--quiet", "--depth=1", url, first)
    assert run("git", "-C", str(clone), "show", "FETCH_HEAD:file") == "one"


def _process(name: str) -> yard.ProcessStatus:
    return next(item for item in yard.status().processes if item.name == name)
