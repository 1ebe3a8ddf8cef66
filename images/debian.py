"""Debian packages as plain files: resolved and verified by apt, unpacked without their scripts.

What a maintainer script would set up (users, certificates, caches) is set up by the image's recipe
instead. That leaves out what only the scripts need (perl, debconf, adduser…), needs no root shell
in a chroot, and gives the same bytes on every machine.

Deliberately not here: pinned versions. Debian's mirrors keep the newest version of a release only;
the digest in the lock is the pin.
"""

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from images.errors import ImageError
from images.paths import cache

RELEASE = "bookworm"
MIRROR = "SWITCHYARD_DEBIAN_MIRROR"
"""Environment variable: where ``debian/`` and ``debian-security/`` lie, for a house's mirror."""
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

ASSUMED = (
    "adduser",
    "awk",
    "base-passwd",
    "bash",
    "debconf",
    "debianutils",
    "dpkg",
    "init-system-helpers",
    "install-info",
    "javascript-common",
    "liberror-perl",
    "libllvm14",  # PostgreSQL's JIT compiler alone: 110 MB for what a shop never needs
    "locales",
    "logrotate",
    "lsb-base",
    "mawk",
    "openssl",
    "passwd",
    "perl",
    "perl-base",
    "postgresql-client-common",
    "postgresql-common",
    "readline-common",
    "sed",
    "ssl-cert",
    "sysvinit-utils",
    "ucf",
)
"""Packages that only maintainer scripts, or parts that we leave out, need: taken as installed."""

_CONFIG = """\
Dir::State "{root}/state";
Dir::State::status "{root}/status";
Dir::Cache "{root}/cache";
Dir::Etc::sourcelist "{root}/sources.list";
Dir::Etc::sourceparts "-";
APT::Architecture "amd64";
APT::Architectures {{ "amd64"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
"""


@dataclass(frozen=True, kw_only=True)
class Package:
    """One downloaded package."""

    file: Path
    control: str
    """Its control fields, as ``dpkg`` knows them."""

    @property
    def name(self) -> str:
        """The package's name, without version."""
        return self.file.name.partition("_")[0]


class Archive:
    """Debian's archive, as this room's private apt sees it; the host's packages play no part."""

    def __init__(self, root: Path | None = None) -> None:
        """Make the private apt's folders.

        Args:
            root: where lists and packages are kept; the room's cache by default.
        """
        self._root = root or cache("apt")
        self._updated = False
        for folder in ("state/lists/partial", "cache/archives/partial", "none/partial"):
            (self._root / folder).mkdir(parents=True, exist_ok=True)

    def fetch(self, names: Iterable[str], *, installed: Iterable[str] = ()) -> list[Package]:
        """Download packages and whatever they need beyond what is installed.

        Args:
            names: packages.
            installed: control fields of the packages that the base holds.

        Returns:
            The packages, sorted by name.

        Raises:
            ImageError: apt cannot resolve, reach or verify them.
        """
        wanted = sorted(names)
        self._configure(installed)
        if not self._updated:
            self._apt("update", "-qq")
            self._updated = True
        # An empty folder of archives, because apt does not list what it has downloaded already.
        empty = f"Dir::Cache::archives={self._root}/none"
        listing = self._apt("install", "--print-uris", "-qq", "-o", empty, *wanted)
        self._apt("install", "--download-only", "-y", "-qq", *wanted)
        folder = self._root / "cache" / "archives"
        files = sorted(folder / line.split()[1] for line in listing.splitlines() if line)
        return [Package(file=file, control=_control(file)) for file in files]

    def _configure(self, installed: Iterable[str]) -> None:
        if not KEYRING.exists():
            raise ImageError(
                f"{KEYRING} is missing, so Debian's packages cannot be verified. "
                "Install the package debian-archive-keyring."
            )
        mirror = os.environ.get(MIRROR, "http://deb.debian.org").rstrip("/")
        suites = (
            f"{mirror}/debian {RELEASE}",
            f"{mirror}/debian {RELEASE}-updates",
            f"{mirror}/debian-security {RELEASE}-security",
        )
        sources = "".join(f"deb [signed-by={KEYRING}] {suite} main\n" for suite in suites)
        (self._root / "apt.conf").write_text(_CONFIG.format(root=self._root))
        (self._root / "sources.list").write_text(sources)
        stanzas = [_assumed(name) for name in ASSUMED] + [_installed(text) for text in installed]
        (self._root / "status").write_text("\n".join(stanzas))

    def _apt(self, *arguments: str) -> str:
        environment = os.environ | {"APT_CONFIG": str(self._root / "apt.conf"), "LC_ALL": "C"}
        done = subprocess.run(
            ["apt-get", *arguments], env=environment, capture_output=True, text=True, check=False
        )
        # apt-get update ends with 0 although a list could not be had; its warnings tell.
        unreached = arguments[0] == "update" and "Failed to fetch" in done.stderr
        if done.returncode or unreached:
            tail = "\n".join((done.stderr or done.stdout).splitlines()[-8:])
            raise ImageError(
                f"`apt-get {' '.join(arguments)}` failed, so no Debian package can be unpacked:\n"
                f"{tail}\nCheck the network, or name a mirror in {MIRROR}."
            )
        return done.stdout


def _control(file: Path) -> str:
    command = ["dpkg-deb", "--field", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _installed(control: str) -> str:
    head, _, rest = control.partition("\n")
    return f"{head}\nStatus: install ok installed\n{rest}"


def _assumed(name: str) -> str:
    return (
        f"Package: {name}\nStatus: install ok installed\nVersion: 99999\n"
        "Architecture: all\nMulti-Arch: foreign\n"
    )
