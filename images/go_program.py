"""Compiles an image's static Go program on the host, by the pinned toolchain."""

import os
import subprocess
from functools import cache
from pathlib import Path

import tools
from images import inputs
from images.errors import ImageError
from images.paths import ROOT
from images.recipe import GoProgram, Image

_ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOOS": "linux", "GOARCH": "amd64"}


def key(program: GoProgram) -> dict[str, object]:
    """What the program is made of; nothing is compiled to know that."""
    module = ROOT / program.module
    return {
        "sources": inputs.globbed(module, program.inputs, without=("_test.go",)),
        "go": go_version(),
        "program": program.model_dump(),
        "environment": _ENVIRONMENT,
    }


def build(image: Image, program: GoProgram, root: Path) -> None:
    """Compile the program into the folder that stands for the image's ``/``.

    Raises:
        ImageError: the compiler refused; with its last lines.
    """
    flags = "-s -w -buildid="
    if program.variant:
        flags += f" -X {program.variant}={image.variant}"
    target = root / program.to.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    go = tools.path("go")
    command = [str(go), "build", "-trimpath", "-buildvcs=false", "-ldflags", flags]
    done = subprocess.run(
        [*command, "-o", str(target), program.package],
        cwd=ROOT / program.module,
        env=os.environ | _ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        tail = "\n".join(done.stderr.splitlines()[-12:])
        raise ImageError(
            f"{image.name}: {program.package} of {program.module} does not compile:\n{tail}"
        )


@cache
def go_version() -> str:
    """The pinned toolchain's version, as in ``go1.26.8``."""
    command = [str(tools.path("go")), "env", "GOVERSION"]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=True)
    return done.stdout.strip()
