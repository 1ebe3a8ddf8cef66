"""The real Pulumi CLI and language host on the real program, with a state of its own."""

import copy
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from engine_answers import Answer, Preview

import tools

PROJECT = Path(__file__).resolve().parents[2]
LOCAL: dict[str, Any] = yaml.safe_load((PROJECT / "Pulumi.local.yaml").read_text())
PLATFORM = ("argocd", "controller", "envoy", "envoy-gateway", "postgres", "prometheus", "redis")
SERVICES = ("storefront", "orders", "recommender")


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of an engine that knows nothing of this machine's stacks."""
    home = tmp_path_factory.mktemp("pulumi")
    state = home / "state"
    state.mkdir()
    venv = PROJECT / ".venv"
    env = {
        **os.environ,
        # the old language host takes whichever python comes first
        "PATH": os.pathsep.join([str(venv / "bin"), str(tools.bin_dir()), os.environ["PATH"]]),
        "VIRTUAL_ENV": str(venv),
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "yard",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    # in a folder of its own: making a stack writes its file beside the project's
    (home / "Pulumi.yaml").write_text((PROJECT / "Pulumi.yaml").read_text())
    subprocess.run(
        ["pulumi", "stack", "init", "test", "--non-interactive"],
        cwd=home,
        env=env,
        check=True,
        capture_output=True,
    )
    return env


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    """The committed stack's configuration, with a whole image lock."""
    names = [*PLATFORM, *(f"{name}-{v}" for name in SERVICES for v in ("v1", "v2"))]
    lock = tmp_path / "images.lock.yaml"
    entries = {
        name: {
            "inputs": f"sha256:{index:064x}",
            "reference": f"10.213.0.1:5000/test/{name}@sha256:{index:064x}",
        }
        for index, name in enumerate(names, 1)
    }
    lock.write_text(yaml.safe_dump({"registry": "10.213.0.1:5000", "images": entries}))
    config = copy.deepcopy(LOCAL["config"])
    config["switchyard:images"]["lock"] = str(lock)
    return config


@pytest.fixture
def preview(tmp_path: Path, environment: dict[str, str]) -> Preview:
    """Runs `pulumi preview` with a configuration, given as data or as the file's text."""

    def run(config: dict[str, Any] | str) -> Answer:
        path = tmp_path / "Pulumi.test.yaml"
        document = {"encryptionsalt": LOCAL["encryptionsalt"], "config": config}
        path.write_text(config if isinstance(config, str) else yaml.safe_dump(document))
        command = ["pulumi", "preview", "--stack", "test", "--non-interactive"]
        done = subprocess.run(
            [*command, "--config-file", str(path)],
            cwd=PROJECT,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )
        return Answer(done.returncode, done.stdout + done.stderr)

    return run
