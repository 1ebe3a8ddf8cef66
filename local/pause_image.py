"""The image of the pause container, which every pod stands on: one static program, named by digest.

Made here rather than pulled: the yard must start where no public registry is reached.
"""

import gzip
import hashlib
import io
import json
import os
import tarfile
from dataclasses import dataclass
from pathlib import Path

from local import binaries
from local.binaries import binary
from local.host import run
from local.layout import Layout

_SOURCE = Path(__file__).parent / "pause" / "main.go"
_USER = "65535:65535"


@dataclass(frozen=True, kw_only=True)
class PauseImage:
    """An archive in the OCI layout, and the name that containerd gives its content."""

    archive: Path
    reference: str


def ensure(layout: Layout) -> PauseImage:
    """Build the image unless the cache has it for this source.

    Raises:
        YardError: it must be built, and Go cannot do it.
    """
    key = hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:16]
    folder = layout.cache / "pause" / key
    archive, name = folder / "pause.tar", folder / "reference"
    if not name.exists():
        binaries.ensure(["go"])
        folder.mkdir(parents=True, exist_ok=True)
        program = folder / "pause"
        environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
        run(
            *(binary("go"), "build", "-trimpath", "-ldflags=-s -w -buildid=", "-o", str(program)),
            str(_SOURCE),
            timeout=600,
            env=environment,
        )
        content, reference = pack(program.read_bytes())
        program.unlink()
        archive.write_bytes(content)
        draft = folder / "reference.part"
        draft.write_text(reference)
        draft.rename(name)  # last: what has a name is whole
    return PauseImage(archive=archive, reference=name.read_text())


def pack(program: bytes) -> tuple[bytes, str]:
    """Archive of an image with one file, and the image's name by digest."""
    plain = _tar({"pause": (program, 0o755)})
    layer = gzip.compress(plain, mtime=0)
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": ["/pause"], "User": _USER},
            "rootfs": {"type": "layers", "diff_ids": [_digest(plain)]},
        }
    ).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": _described(config, "application/vnd.oci.image.config.v1+json"),
            "layers": [_described(layer, "application/vnd.oci.image.layer.v1.tar+gzip")],
        }
    ).encode()
    reference = f"switchyard.dev/pause@{_digest(manifest)}"
    entry = _described(manifest, "application/vnd.oci.image.manifest.v1+json")
    entry["annotations"] = {"io.containerd.image.name": reference}
    index = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()
    blobs = {
        f"blobs/sha256/{_digest(blob).removeprefix('sha256:')}": (blob, 0o644)
        for blob in (layer, config, manifest)
    }
    version = json.dumps({"imageLayoutVersion": "1.0.0"}).encode()
    files = {"oci-layout": (version, 0o644), "index.json": (index, 0o644), **blobs}
    return _tar(files), reference


def _described(blob: bytes, media_type: str) -> dict[str, object]:
    return {"mediaType": media_type, "digest": _digest(blob), "size": len(blob)}


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _tar(files: dict[str, tuple[bytes, int]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, (content, mode) in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), mode
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()
