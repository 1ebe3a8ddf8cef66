"""The bases: root filesystems made once from Debian packages, kept as reproducible tars.

Packer needs an image to start from, so the bases are the only images without a template.
"""

import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from images import paths
from images.debian import Archive
from images.inputs import digest, tree
from images.layer import Content, pack
from images.unpack import CONTROL, WAY, unpack

BASE = "base.yaml"
NAMES = ("base-debian", "base-static")
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
ENVIRONMENT: Mapping[str, str] = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "SSL_CERT_FILE": f"/{CERTIFICATES}",
}
_FOLDERS = {"tmp": 0o1777, "var/tmp": 0o1777, "run": 0o755, "root": 0o700, "var/lib": 0o755}
_LINKS = {
    "bin": "usr/bin",
    "sbin": "usr/sbin",
    "lib": "usr/lib",
    "lib64": "usr/lib64",
    "var/run": "/run",
}


class BaseRecipe(BaseModel):
    """What a base is made of: the ``base.yaml`` in its folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str
    packages: list[str]


@dataclass(frozen=True, kw_only=True)
class Base:
    """One base."""

    name: str
    recipe: BaseRecipe
    skeleton: Mapping[str, str]

    @classmethod
    def load(cls, name: str) -> "Base":
        """Read the recipe of a base."""
        document = yaml.safe_load((paths.ROOM / name / BASE).read_text())
        return cls(
            name=name,
            recipe=BaseRecipe.model_validate(document),
            skeleton=tree(paths.SKELETON),
        )

    @property
    def repository(self) -> str:
        """Repository in the registry."""
        return f"switchyard/{self.name}"

    @property
    def inputs(self) -> str:
        """Digest of the recipe."""
        return digest(
            {
                "packages": sorted(self.recipe.packages),
                "skeleton": self.skeleton,
                "environment": ENVIRONMENT,
                "folders": _FOLDERS,
                "links": _LINKS,
                "way": WAY,
            }
        )

    @property
    def tar(self) -> Path:
        """Where the root filesystem is cached."""
        return paths.bases() / f"{self.name}-{self.inputs.removeprefix('sha256:')[:16]}.tar"

    def make(self, archive: Archive) -> Path:
        """The root filesystem as a tar; made if it is not there yet."""
        if not self.tar.exists():
            with tempfile.TemporaryDirectory(prefix=f"{self.name}-", dir=paths.bases()) as folder:
                root = Path(folder) / "root"
                self._fill(root, archive)
                half = Path(folder) / "half.tar"
                pack(Content.of_folder(root), half)
                half.replace(self.tar)
        return self.tar

    def installed(self) -> list[str]:
        """Control fields of the packages that the made base holds."""
        with tarfile.open(self.tar, "r:") as archive:
            records = [
                archive.extractfile(member)
                for member in archive
                if member.isfile() and member.name.startswith(f"{CONTROL}/")
            ]
            return [record.read().decode() for record in records if record is not None]

    def paths(self) -> set[str]:
        """Paths in the made base, without leading slash."""
        with tarfile.open(self.tar, "r:") as archive:
            return set(archive.getnames())

    def _fill(self, root: Path, archive: Archive) -> None:
        for path, link in _LINKS.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            if not link.startswith("/"):
                (root / link).mkdir(parents=True, exist_ok=True)
            (root / path).symlink_to(link)
        for path, mode in _FOLDERS.items():
            (root / path).mkdir(parents=True, exist_ok=True)
            (root / path).chmod(mode)
        unpack(archive.fetch(self.recipe.packages), root, without=("var/run", "var/lock"))
        shutil.copytree(paths.SKELETON, root, dirs_exist_ok=True)
        _bundle_certificates(root)


def _bundle_certificates(root: Path) -> None:
    """Do what the package's script does: all certificates in one file, and only there."""
    folder = root / "usr/share/ca-certificates"
    bundle = "".join(path.read_text() for path in sorted(folder.rglob("*.crt")))
    (root / CERTIFICATES).parent.mkdir(parents=True, exist_ok=True)
    (root / CERTIFICATES).write_text(bundle)
    shutil.rmtree(folder)
