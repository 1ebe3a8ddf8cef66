"""The pause image is the same wherever it is made, and named by its digest."""

import hashlib
import io
import json
import tarfile

import pytest

from local.pause_image import pack

pytestmark = pytest.mark.pure


def test_the_same_program_gives_the_same_image() -> None:
    assert pack(b"program") == pack(b"program")
    assert pack(b"program")[1] != pack(b"another")[1]


def test_the_name_holds_the_digest_of_what_is_in_the_archive() -> None:
    content, reference = pack(b"program")
    digest = reference.partition("@")[2]
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        names = archive.getnames()
        entry = json.loads(_read(archive, "index.json"))["manifests"][0]
        manifest = _read(archive, f"blobs/sha256/{digest.removeprefix('sha256:')}")
    assert entry["digest"] == digest
    assert entry["annotations"]["io.containerd.image.name"] == reference
    assert f"sha256:{hashlib.sha256(manifest).hexdigest()}" == digest
    for blob in (json.loads(manifest)["config"], *json.loads(manifest)["layers"]):
        assert f"blobs/sha256/{blob['digest'].removeprefix('sha256:')}" in names


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None
    return file.read()
