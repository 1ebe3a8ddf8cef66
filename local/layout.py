"""Where the yard keeps its files: one folder that ``down`` removes, and caches that it keeps."""

from dataclasses import dataclass, field
from pathlib import Path

import tools


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Paths of the yard; nothing is created by asking for one.

    Args:
        cache: the tools' cache folder; everything that survives ``down`` lies in it.
        run: sockets and kernel mounts; short, since a Unix socket's path ends at 107 bytes.
    """

    cache: Path = field(default_factory=tools.cache_dir)
    run: Path = Path("/run/switchyard")

    @property
    def state(self) -> Path:
        """Everything disposable; removed by ``down``."""
        return self.cache / "yard"

    @property
    def wanted(self) -> Path:
        """Exists from ``up`` until ``down``: tells a yard from a registry lent for one bake."""
        return self.state / "wanted"

    @property
    def record(self) -> Path:
        """The machine as it was before the yard changed anything (see ``trace``)."""
        return self.state / "before.json"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, context ``yard``."""
        return self.state / "kubeconfig"

    @property
    def pki(self) -> Path:
        """Certificates, as ``kubeadm`` lays them out."""
        return self.state / "pki"

    @property
    def config(self) -> Path:
        """Rendered configuration files of the programs."""
        return self.state / "config"

    @property
    def programs(self) -> Path:
        """One supervisor section a file."""
        return self.state / "programs"

    @property
    def logs(self) -> Path:
        """One log file a program."""
        return self.state / "logs"

    @property
    def git(self) -> Path:
        """Bare repositories that the Git server offers."""
        return self.state / "git"

    @property
    def volumes(self) -> Path:
        """Where local persistent volumes of the cluster live; they go with the yard."""
        return self.state / "volumes"

    @property
    def registry(self) -> Path:
        """Blobs of the registry; a cache, kept by ``down``."""
        return self.cache / "registry"

    @property
    def docker(self) -> Path:
        """Images and layers of bakes; a cache, kept by ``down``."""
        return self.cache / "docker"

    @property
    def supervisor_socket(self) -> Path:
        """Where supervisord takes calls."""
        return self.run / "supervisor.sock"

    @property
    def containerd_socket(self) -> Path:
        """The container runtime's endpoint."""
        return self.run / "containerd.sock"

    @property
    def docker_socket(self) -> Path:
        """The bakes' Docker endpoint."""
        return self.run / "docker.sock"

    def log(self, program: str) -> Path:
        """The log of one program, its stdout and stderr together."""
        return self.logs / f"{program}.log"
