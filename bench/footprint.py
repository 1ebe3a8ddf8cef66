"""What the release controller costs: its start, beside an empty kopf operator's, and its memory.

Each is a process of this machine against the yard, started in turns; the time is from the
start until its liveness endpoint answers. The controller stands by without the lease, so it
disturbs nothing. Memory of the deployed controller is read from its process.

Usage: `python -m bench.footprint [--pairs 5] [--json]`
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cli.engine import PROJECT
from cli.stack import yard_kubeconfig

PORTS = {"LIVENESS_PORT": "21080", "METRICS_PORT": "21090"}
BOUND = 30.0
"""Seconds within which a process must answer; a start takes one or two."""
EMPTY_OPERATOR = """
import kopf
@kopf.on.startup()
def nothing(**_): pass
kopf.run(standalone=True, clusterwide=True, liveness_endpoint="http://127.0.0.1:21080/livez")
"""


def start_up_seconds(command: list[str], env: dict[str, str]) -> float:
    """Seconds from the start of a process until it answers on its liveness port.

    Raises:
        RuntimeError: it did not answer in time.
    """
    with tempfile.TemporaryFile() as log:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=PROJECT, env=env, stdout=log, stderr=log)
        try:
            while time.perf_counter() - began < BOUND:
                if _answers():
                    return time.perf_counter() - began
                time.sleep(0.01)  # poll interval of the condition above
            log.seek(0)
            raise RuntimeError(f"{command} did not answer in {BOUND} s: {log.read().decode()}")
        finally:
            process.terminate()
            process.wait()


def _answers() -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", int(PORTS["LIVENESS_PORT"]), timeout=1)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def resident_mib() -> list[float]:
    """Resident memory of every deployed controller of this machine, MiB."""
    found: list[float] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            rows = (folder / "status").read_text().splitlines()
        except OSError:
            continue
        if words[1:3] == [b"-m", b"controller"]:
            found += [int(row.split()[1]) / 1024 for row in rows if row.startswith("VmRSS:")]
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    env = {**os.environ, **PORTS, "KUBECONFIG": str(yard_kubeconfig()), "POD_NAME": "bench"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    resident = resident_mib()
    ours: list[float] = []
    empty: list[float] = []
    for turn in range(chosen.pairs + 1):
        pair = (
            start_up_seconds([sys.executable, "-m", "controller"], env),
            start_up_seconds([sys.executable, "-c", EMPTY_OPERATOR], env),
        )
        if turn:  # the first turn warms the caches
            ours.append(pair[0])
            empty.append(pair[1])
    figures = {
        "start_s": statistics.median(ours),
        "empty_operator_start_s": statistics.median(empty),
        "ratio": statistics.median(ours) / statistics.median(empty),
        "resident_mib": resident,
    }
    print(json.dumps(figures) if chosen.json else figures)  # noqa: T201 - the answer
    return 0


if __name__ == "__main__":
    sys.exit(main())
