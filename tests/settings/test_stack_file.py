"""A stack file is read outside the engine as the engine reads it."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import config as pulumi_config

import settings
from settings import SettingsError

pytestmark = pytest.mark.pure


def write(project: Path, stack: dict[str, Any], password: object) -> Path:
    stack["databasePassword"] = password
    path = project / "Pulumi.test.yaml"
    config = {f"switchyard:{key}": value for key, value in stack.items()}
    path.write_text(yaml.safe_dump({"config": {"other:key": 1, **config}}))
    return path


def test_an_encrypted_value_stays_opaque(project: Path, stack: dict[str, Any]) -> None:
    read = settings.load_file(write(project, stack, {"secure": "v1:abc"}))
    assert read.twins["shop"].live == "blue"
    assert "v1:abc" not in repr(read)


def test_a_password_in_plain_text_is_refused(project: Path, stack: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="is written in plain text") as caught:
        settings.load_file(write(project, stack, "hunter2"))
    assert "hunter2" not in str(caught.value)


def test_a_twin_written_twice_is_refused(project: Path, stack: dict[str, Any]) -> None:
    path = write(project, stack, {"secure": "v1:abc"})
    twin = json.dumps(stack["twins"]["shop"])
    text = path.read_text()
    start = text.index("  switchyard:twins:")
    path.write_text(text[:start] + f"  switchyard:twins:\n    shop: {twin}\n    shop: {twin}\n")
    with pytest.raises(SettingsError, match="'shop' is written twice"):
        settings.load_file(path)


def test_a_file_without_settings_is_refused(project: Path) -> None:
    path = project / "Pulumi.test.yaml"
    path.write_text("config: {}\n")
    with pytest.raises(SettingsError, match="switchyard:twins: is missing"):
        settings.load_file(path)


def engine(
    monkeypatch: pytest.MonkeyPatch, project: Path, stack: dict[str, Any], secrets: list[str]
) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setattr(pulumi, "get_stack", lambda: "test")
    texts = {
        f"switchyard:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in stack.items()
    }
    pulumi_config.set_all_config(texts, secrets)


def test_inside_the_engine_structures_arrive_as_json(
    monkeypatch: pytest.MonkeyPatch, project: Path, stack: dict[str, Any]
) -> None:
    engine(monkeypatch, project, stack, ["switchyard:databasePassword"])
    assert settings.load().database_password.get_secret_value() == "correct horse"


def test_inside_the_engine_a_plain_password_is_refused(
    monkeypatch: pytest.MonkeyPatch, project: Path, stack: dict[str, Any]
) -> None:
    engine(monkeypatch, project, stack, [])
    with pytest.raises(SettingsError, match="is written in plain text"):
        settings.load()


def test_inside_the_engine_an_unknown_key_is_refused(
    monkeypatch: pytest.MonkeyPatch, project: Path, stack: dict[str, Any]
) -> None:
    engine(monkeypatch, project, {**stack, "twin": {}}, ["switchyard:databasePassword"])
    with pytest.raises(SettingsError, match="'twin' is an unknown key"):
        settings.load()
