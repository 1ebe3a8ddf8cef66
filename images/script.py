"""Runs a Python script of the checkout that makes one file of an image, such as a trained model."""

import os
import subprocess
import sys
from pathlib import Path

from images import inputs
from images.errors import ImageError
from images.paths import ROOT
from images.recipe import Script


def key(script: Script) -> dict[str, object]:
    """What the script's file is made of."""
    return {"files": inputs.globbed(ROOT, [script.run, *script.inputs]), "to": script.to}


def run(script: Script, root: Path) -> None:
    """Let the script write its file into the folder that stands for the image's ``/``.

    Raises:
        ImageError: the script failed; with its last lines.
    """
    target = root / script.to.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, script.run, "--out", str(target)],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not target.is_file():
        tail = "\n".join((done.stderr or done.stdout).splitlines()[-8:])
        raise ImageError(f"{script.run} made no {script.to}, so the image would lack it:\n{tail}")
    target.chmod(0o644)
