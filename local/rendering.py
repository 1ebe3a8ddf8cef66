"""Writes configuration files: YAML, TOML, and any text, only when their content changes."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import yaml


def text_file(path: Path, content: str, *, mode: int = 0o600) -> Path:
    """Write a file, readable by root alone unless said otherwise, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != content:
        path.touch(mode=mode)
        path.write_text(content)
    return path


def yaml_file(path: Path, content: Mapping[str, object]) -> Path:
    """Write a YAML file and return its path."""
    return text_file(path, yaml.safe_dump(dict(content), sort_keys=False))


def toml_text(content: Mapping[str, object], prefix: str = "") -> str:
    """Render tables, strings, numbers, booleans and lists of those as TOML.

    Keys are quoted always, so that plugin names with dots and slashes stay one key. The standard
    library reads TOML but does not write it.
    """
    plain = {key: value for key, value in content.items() if not isinstance(value, Mapping)}
    lines = [f"[{prefix}]"] if prefix and plain else []
    lines += [f"{_quoted(key)} = {_toml_value(value)}" for key, value in plain.items()]
    text = "\n".join(lines) + "\n" if lines else ""
    for key, value in content.items():
        if isinstance(value, Mapping):
            name = f"{prefix}.{_quoted(key)}" if prefix else _quoted(key)
            text += toml_text(cast("Mapping[str, object]", value), name)
    return text


def _toml_value(value: object) -> str:
    """JSON's numbers, booleans and lists are TOML's."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, Sequence):
        items = cast("Sequence[object]", value)
        return f"[{', '.join(_toml_value(item) for item in items)}]"
    raise TypeError(f"{value!r} cannot be written as TOML; use text, numbers, booleans and lists.")


def _quoted(text: str) -> str:
    """JSON's strings are TOML's, but for characters above U+FFFF when they are escaped."""
    return json.dumps(text, ensure_ascii=False)
