"""Runs an image's Packer template through packer-py: validate, then build."""

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from packerpy import PackerExecutable  # pyright: ignore[reportMissingTypeStubs] - it has none

import tools
from images import paths
from images.errors import ImageError

MOUNTED_SHELL = "usr/bin/sh"
"""Where images on the static base have a shell while they are baked; a mount, so it never stays."""
LEFT_BY_PACKER = ("packer-files",)
"""Mount points that Packer leaves in the container."""
_LOG_LINES = 15


class _Packer(Protocol):
    """What of packer-py is used: each verb returns exit code, output and errors."""

    def validate(self, template: str, *, var: dict[str, str]) -> tuple[int, bytes, bytes]: ...

    def build(self, template: str, *, var: dict[str, str]) -> tuple[int, bytes, bytes]: ...


@dataclass(frozen=True, kw_only=True)
class Variables:
    """What every template is given."""

    base: str
    """Reference of the base, by digest."""
    stage: Path
    """Folder whose content is copied to ``/``."""
    exported: Path
    """Tar that the container's root filesystem is exported to."""
    shell: Path
    """A static shell on the host, mounted where the base has none."""

    def for_packer(self) -> dict[str, str]:
        """The variables as the templates declare them."""
        return {
            "base": self.base,
            "stage": f"{self.stage}/",
            "exported": str(self.exported),
            "shell": str(self.shell),
        }


def build(template: Path, variables: Variables, docker: str) -> None:
    """Validate and build a template; the exported tar is there afterwards.

    Args:
        template: the Packer template.
        variables: what the template is given.
        docker: where the Docker daemon is, as DOCKER_HOST has it.

    Raises:
        ImageError: Packer refused; with the last lines of its log.
    """
    packer = cast("_Packer", PackerExecutable(str(tools.path("packer"))))
    environment = {
        "CHECKPOINT_DISABLE": "1",
        "DOCKER_HOST": docker,
        "PACKER_CACHE_DIR": str(paths.cache("packer")),
        "PACKER_CONFIG_DIR": str(paths.cache("packer")),
        "PACKER_NO_COLOR": "1",
        "PATH": f"{tools.path('docker').parent}:{os.environ.get('PATH', os.defpath)}",
    }
    with _environment(environment):
        for name, verb in (("validate", packer.validate), ("build", packer.build)):
            status, output, errors = verb(str(template), var=variables.for_packer())
            if status:
                raise ImageError(
                    f"packer {name} {template} failed, so there is no image:\n"
                    f"{_readable(output + errors)}\nCorrect the template, or what it is given."
                )


def _readable(output: bytes) -> str:
    """The last lines of a machine-readable log, as people read them."""
    lines = output.decode(errors="replace").splitlines()
    texts = [line.split(",", 4)[-1] for line in lines if line.strip()]
    spoken = [text.replace("%!(PACKER_COMMA)", ",").replace("\\n", "\n  ") for text in texts]
    return "\n".join(f"  {text}" for text in spoken[-_LOG_LINES:])


@contextmanager
def _environment(changes: Mapping[str, str]) -> Generator[None]:
    """Change this process's environment; packer-py cannot give Packer one of its own."""
    former = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
