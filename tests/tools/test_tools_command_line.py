from __future__ import annotations

import io
import json
import time
from typing import TYPE_CHECKING

import pytest

import tools
from tools import __main__ as command_line
from tools.errors import Missing, ToolMissing
from tools.progress import Lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools_bench import Bench

pytestmark = pytest.mark.pure


def _raise(error: BaseException) -> object:
    def ensure(_names: Sequence[str]) -> None:
        raise error

    return ensure


def test_a_missing_tool_ends_with_1_and_its_report(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = Missing(tool="helm", attempts=(), fix="do this")
    monkeypatch.setattr(tools, "ensure", _raise(ToolMissing([missing])))
    assert command_line.main(["ensure", "helm"]) == 1
    assert "helm could not be had.\n  fix: do this" in capsys.readouterr().err
    assert bench.asked == []


def test_an_unknown_name_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["ensure", "kubectx"]) == 2
    assert "kubectx" in capsys.readouterr().err


def test_wrong_usage_ends_with_2() -> None:
    with pytest.raises(SystemExit) as caught:
        command_line.main(["fetch"])
    assert caught.value.code == 2


def test_ctrl_c_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tools, "ensure", _raise(KeyboardInterrupt()))
    assert command_line.main(["ensure"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_the_list_as_json_is_read_by_machines(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.main(["list", "--json"]) == 0
    told = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert told["containerd"]["state"] == "absent"
    assert set(told["containerd"]["commands"]) == {"containerd", "ctr", "containerd-shim-runc-v2"}
    assert told["argocd"]["share"] is None
    assert bench.asked == []


def test_env_puts_our_commands_first(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["env"]) == 0
    assert f'export PATH={bench.cache.bin}:"$PATH"' in capsys.readouterr().out


def test_without_a_terminal_a_long_build_says_that_it_lives() -> None:
    stream = io.StringIO()
    lines = Lines(stream, beat=0.02)
    lines.start(["kubelet", "helm"])
    lines.working("kubelet", "Go, 12 packages compiled")
    deadline = time.monotonic() + 5
    while "still at work" not in stream.getvalue() and time.monotonic() < deadline:
        time.sleep(0.01)
    lines.stop()
    assert "kubelet (Go, 12 packages compiled, 0 s); 1 waiting" in stream.getvalue()
