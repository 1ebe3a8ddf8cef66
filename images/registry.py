"""The registry: which digests it holds, and how layers become images in it (crane)."""

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import httpx2

import tools
from images.errors import ImageError

_MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.oci.image.manifest.v1+json"
)
_PLATFORM = "linux/amd64"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an image says about itself beside its content."""

    user: str = ""
    entrypoint: Iterable[str] = ()
    workdir: str = ""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    labels: Mapping[str, str] = field(default_factory=dict[str, str])

    def arguments(self) -> list[str]:
        """The settings as ``crane mutate`` takes them."""
        options = [f"--set-platform={_PLATFORM}"]
        options += [f"--user={self.user}"] if self.user else []
        options += [f"--workdir={self.workdir}"] if self.workdir else []
        options += [f"--entrypoint={part}" for part in self.entrypoint]
        options += [f"--env={name}={self.env[name]}" for name in sorted(self.env)]
        options += [f"--label={name}={self.labels[name]}" for name in sorted(self.labels)]
        return options


@dataclass(frozen=True)
class Registry:
    """One registry.

    Args:
        address: ``host:port`` or a host name, as references begin.
    """

    address: str

    def answers(self) -> bool:
        """Whether a registry, and not some other server on its address, can be reached."""
        try:
            with self._client() as client:
                answer = client.get("/v2/")
        except httpx2.TransportError:
            return False
        return answer.status_code in {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED}

    def lacking(self, references: Iterable[str]) -> set[str]:
        """Those of the references that the registry does not hold."""
        with self._client() as client:
            return {reference for reference in references if not self._holds(client, reference)}

    def push_base(self, tar: Path, repository: str, settings: Settings) -> str:
        """Make an image of a root filesystem; returns its reference by digest."""
        tag = f"{self.address}/{repository}:making"
        crane("append", "--new_layer", str(tar), "--new_tag", tag)
        return crane("mutate", tag, *settings.arguments(), "--repo", f"{self.address}/{repository}")

    def push(self, base: str, layer: Path, repository: str, settings: Settings) -> str:
        """Lay a layer over a base; returns the image's reference by digest."""
        arguments = ["--append", str(layer), *settings.arguments()]
        return crane("mutate", base, *arguments, "--repo", f"{self.address}/{repository}")

    def _holds(self, client: httpx2.Client, reference: str) -> bool:
        repository, _, digest = reference.removeprefix(f"{self.address}/").partition("@")
        path = f"/v2/{repository}/manifests/{digest}"
        try:
            answer = client.head(path, headers={"Accept": _MANIFESTS})
        except httpx2.TransportError as error:
            raise ImageError(
                f"The registry {self.address} does not answer ({error}), so nobody knows whether "
                f"it holds {reference}. Start it (`switchyard yard up`), or see its log."
            ) from error
        if answer.status_code not in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
            raise ImageError(
                f"The registry {self.address} answered {answer.status_code} when asked for "
                f"{reference}, so nobody knows whether it is there. See the registry's log."
            )
        return answer.status_code == HTTPStatus.OK

    def _client(self) -> httpx2.Client:
        return httpx2.Client(base_url=f"{_scheme(self.address)}://{self.address}", timeout=5)


def crane(*arguments: str) -> str:
    """Run crane; returns the last line that it prints.

    Raises:
        ImageError: crane failed; with its last lines.
    """
    command = [str(tools.path("crane")), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join(done.stderr.splitlines()[-5:])
        raise ImageError(
            f"`crane {' '.join(arguments[:2])}` failed, so nothing was pushed:\n{tail}"
        )
    return done.stdout.strip().splitlines()[-1]


def _scheme(address: str) -> str:
    """HTTP for registries on this machine and in private networks, as crane has it."""
    host = address.partition(":")[0]
    return (
        "http" if host == "localhost" or host.startswith(("127.", "10.", "192.168.")) else "https"
    )
