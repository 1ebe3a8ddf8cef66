"""Finds a PostgreSQL 15 for the Go tests: the machine's, or Debian's packages in the cache."""

import fcntl
import shutil
import subprocess
from pathlib import Path

import tools

PACKAGES = (
    "postgresql-15",
    "libpq5",
    "libicu72",
    "libxml2",
    "libxslt1.1",
    "libldap-2.5-0",
    "libsasl2-2",
    "libgssapi-krb5-2",
    "libkrb5-3",
    "libk5crypto3",
    "libkrb5support0",
    "libkeyutils1",
    "libcom-err2",
    "liblz4-1",
    "libzstd1",
    "libssl3",
    "libsystemd0",
    "libgcrypt20",
    "libgpg-error0",
    "liblzma5",
)
"""What the server's executable is linked with. LLVM is not: it is loaded for big queries alone."""


def environment() -> dict[str, str]:
    """Give the variables with which the shop's Go code finds PostgreSQL's programs."""
    if list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        return {}
    root = _unpacked(tools.cache_dir() / "shop-postgresql-15")
    return {
        "POSTGRES_BIN": str(root / "usr/lib/postgresql/15/bin"),
        "POSTGRES_LIB": str(root / "usr/lib/x86_64-linux-gnu"),
    }


def _unpacked(root: Path) -> Path:
    """Unpack the packages once; a half-done folder never bears the name."""
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            part = root.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            (part / "debs").mkdir(parents=True)
            subprocess.run(["apt-get", "download", *PACKAGES], cwd=part / "debs", check=True)
            for package in sorted((part / "debs").glob("*.deb")):
                subprocess.run(["dpkg-deb", "--extract", package, part], check=True)
            shutil.rmtree(part / "debs")
            part.rename(root)
    return root
