"""One supervised program: what is run, with what, and how it is asked to stop."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from shlex import join


@dataclass(frozen=True, kw_only=True)
class Program:
    """A long-running process that is restarted when it dies.

    Args:
        name: as shown by ``status``, and the stem of its log.
        command: executable and arguments.
        environment: added to the supervisor's own.
        files: configuration that it reads at its start; another content means another program.
        stop_seconds: how long it may take to end after SIGTERM before it is killed.
        steady_seconds: how long it must live to count as started.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    files: tuple[Path, ...] = ()
    stop_seconds: int = 20
    steady_seconds: int = 1

    def section(self, log: Path) -> str:
        """The program's section of supervisor's configuration."""
        environment = ",".join(
            f'{key}="{_escaped(value)}"' for key, value in sorted(self.environment.items())
        )
        inputs = sha256(b"".join(file.read_bytes() for file in self.files)).hexdigest()
        lines = (
            f"; configuration {inputs[:16]}",
            f"[program:{self.name}]",
            f"command={_escaped(join(self.command))}",
            f"environment={environment}",
            "directory=/",
            "autostart=true",
            "autorestart=true",
            f"startsecs={self.steady_seconds}",
            "startretries=60",
            "stopsignal=TERM",
            f"stopwaitsecs={self.stop_seconds}",
            "redirect_stderr=true",
            f"stdout_logfile={_escaped(str(log))}",
            "stdout_logfile_maxbytes=20MB",
            "stdout_logfile_backups=1",
            "umask=022",
        )
        return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    """Supervisor expands %(name)s in every value."""
    return value.replace("%", "%%")
