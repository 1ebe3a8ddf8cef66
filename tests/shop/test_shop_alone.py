"""The whole shop as processes on loopback: good versions pass the checks, broken ones do not."""

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.pure

LOAD = "--rate 60 --requests 480 --seed 3 --progress 0 --timeout 30s"
"""Eight seconds: the first flip comes after three."""


def drive(shop: Path, folder: Path, postgres: dict[str, str], *options: str) -> dict[str, Any]:
    """Run the shop under load and give the load generator's report."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    report = folder / "report.json"
    load = f"{LOAD} --report {report}"
    done = subprocess.run(
        ["go", "run", "./alone", "-listen", listen, "-load", load, *options],
        cwd=shop,
        env={**os.environ, "CGO_ENABLED": "0", **postgres},
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.exists(), done.stdout + done.stderr
    found: dict[str, Any] = json.loads(report.read_text())
    assert found["complete"], done.stdout + done.stderr
    assert (done.returncode == 0) == (found["failed"] + found["wrong"] == 0)
    return found


def test_a_flip_and_a_replaced_storefront_fail_nobody(
    shop: Path, tmp_path: Path, postgres: dict[str, str]
) -> None:
    report = drive(shop, tmp_path, postgres, "-flips", "1", "-restart")
    assert (report["failed"], report["wrong"]) == (0, 0), report["errors"]
    assert report["colours"].keys() == {"blue", "green"}
    assert report["versions"].keys() == {"v1", "v2"}
    assert [(flip["from"], flip["to"]) for flip in report["flips"]] == [("blue", "green")]


def test_wrong_answers_of_a_broken_version_are_found(
    shop: Path, tmp_path: Path, postgres: dict[str, str]
) -> None:
    report = drive(shop, tmp_path, postgres, "-green", "wrong", "-live", "green")
    assert report["failed"] == 0, report["errors"]
    assert report["wrong"] > 0, "prices and recommendations were wrong and nobody noticed"
    assert report["kinds"]["home"]["wrong"] == 0, "the pages were right"


def test_errors_of_a_broken_version_are_failures(
    shop: Path, tmp_path: Path, postgres: dict[str, str]
) -> None:
    report = drive(shop, tmp_path, postgres, "-green", "errors", "-live", "green")
    assert report["wrong"] == 0, report["errors"]
    assert report["failed"] > 0
    assert report["statuses"]["500"] > 0
