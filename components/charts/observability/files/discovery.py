# ruff: noqa: INP001 - mounted into a pod, never imported
"""Tells Prometheus which pods to scrape: Debian's build knows no Kubernetes, but watches files.

Runs beside Prometheus and keeps one file of targets for each job, rewritten only when it changes.
Standard library alone, so that any image with Python will do.

Usage: `discovery.py FOLDER`
"""

import json
import logging
import ssl
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
API = "https://kubernetes.default.svc"
INTERVAL = 2.0
"""Seconds between two looks; the API server answers them from its cache."""

log = logging.getLogger("discovery")

Pod = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """Pods to scrape.

    Attributes:
        path: resource path of the pods.
        selector: label selector.
        port: metrics port.
        labels: what every series of a pod says of it.
    """

    path: str
    selector: str
    port: int
    labels: Callable[[Pod], dict[str, str]]


def _of_twin(pod: Pod) -> dict[str, str]:
    labels = pod["metadata"]["labels"]
    return {
        "twin": labels.get("switchyard.dev/twin", ""),
        "colour": labels["switchyard.dev/colour"],
        "service": labels.get("app.kubernetes.io/name", ""),
        "pod": pod["metadata"]["name"],
    }


JOBS = {
    "gateway": Job(
        "/api/v1/namespaces/envoy-gateway-system/pods",
        "app.kubernetes.io/component=proxy",
        19001,
        lambda pod: {"gateway": pod["metadata"]["name"]},
    ),
    "twins": Job("/api/v1/pods", "switchyard.dev/colour", 9090, _of_twin),
    "release-controller": Job(
        "/api/v1/namespaces/switchyard/pods",
        "app.kubernetes.io/name=release-controller",
        9090,
        lambda pod: {"pod": pod["metadata"]["name"]},
    ),
}


def targets(job: Job, pods: list[Pod]) -> list[dict[str, Any]]:
    """Target groups of the pods that have an address and are not of a job that ends."""
    return [
        {
            "targets": [f"{pod['status']['podIP']}:{job.port}"],
            "labels": {**job.labels(pod), "pod_ip": pod["status"]["podIP"]},
        }
        for pod in sorted(pods, key=lambda pod: str(pod["metadata"]["name"]))
        if pod["status"].get("podIP")
        and pod["status"].get("phase") == "Running"
        and not any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences", []))
    ]


def write(path: Path, groups: list[dict[str, Any]]) -> None:
    """Replace the file in one step, unless it says the same already."""
    text = json.dumps(groups, indent=1)
    if path.exists() and path.read_text() == text:
        return
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(path)
    log.info("%s: %d targets", path.stem, len(groups))


def fetch(job: Job, tls: ssl.SSLContext) -> list[Pod]:
    """The job's pods, from the API server's cache."""
    query = urllib.parse.urlencode({"labelSelector": job.selector, "resourceVersion": "0"})
    # the token is read each time: the kubelet renews it
    token = (ACCOUNT / "token").read_text()
    request = urllib.request.Request(  # noqa: S310 - a fixed https address
        f"{API}{job.path}?{query}", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=10, context=tls) as answer:  # noqa: S310 - as above
        return json.load(answer)["items"]


def main(folder: Path) -> None:
    """Keep the files of all jobs true, for ever."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    tls = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    while True:
        for name, job in JOBS.items():
            try:
                write(folder / f"{name}.json", targets(job, fetch(job, tls)))
            except OSError as error:
                # the former targets stay: better to scrape a pod that left than none
                log.warning("%s: %s", name, error)
        time.sleep(INTERVAL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
