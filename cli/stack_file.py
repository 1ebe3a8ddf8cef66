"""`Pulumi.<stack>.yaml`, edited in place with its comments and order kept."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cli.engine import PROJECT
from cli.errors import Invalid


class NoSuchStack(Invalid):
    """There is no stack file of that name."""


class StackFile:
    """The committed settings of one stack.

    Raises:
        NoSuchStack: there is no such file.
        Invalid: it is no YAML, or holds no `config`.
    """

    def __init__(self, stack: str, path: Path | None = None) -> None:
        self.path = path or PROJECT / f"Pulumi.{stack}.yaml"
        self._yaml: Any = YAML()
        self._yaml.preserve_quotes = True
        self._yaml.width = 120
        self._yaml.indent(mapping=2, sequence=4, offset=2)
        if not self.path.exists():
            raise NoSuchStack(
                value=str(self.path),
                consequence=f"there is no stack {stack!r} to work on",
                fix="pass --stack with the name of a Pulumi.<stack>.yaml in the project",
            )
        try:
            self._document: Any = self._yaml.load(self.path)
        except YAMLError as error:
            raise Invalid(
                value=str(self.path),
                consequence=f"it is not YAML, so nothing can be read from it: {error}",
                fix="correct that line, or restore the file from Git",
            ) from error
        if "config" not in (self._document or {}):
            raise Invalid(
                value=str(self.path),
                consequence="the stack has no settings",
                fix="add a `config:` mapping; Pulumi.local.yaml shows one",
            )

    @property
    def config(self) -> dict[str, Any]:
        """The `config` mapping, keys as written."""
        return self._document["config"]

    def twin(self, name: str | None) -> tuple[str, dict[str, Any]]:
        """One twin's settings; the only one when `name` is None.

        Raises:
            Invalid: unknown name, or none given while there are several.
        """
        twins: dict[str, Any] = self.config.get("switchyard:twins", {})
        if name is None and len(twins) == 1:
            name = next(iter(twins))
        if name not in twins:
            raise Invalid(
                value=f"twin {name!r}",
                consequence=f"{self.path.name} does not have it",
                fix=f"name one of: {', '.join(twins) or '(none)'}",
            )
        return name, twins[name]

    def save(self) -> None:
        """Write the file atomically: an interruption leaves the old one or the new one."""
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        with os.fdopen(handle, "w") as out:
            self._yaml.dump(self._document, out)
        Path(temporary).chmod(self.path.stat().st_mode & 0o777)
        Path(temporary).replace(self.path)
