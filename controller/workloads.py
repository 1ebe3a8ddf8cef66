"""Whether what runs is what was asked for: judgement on workloads and endpoints as read. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from controller.api import Digests, Service
from controller.sight import NotReady, Readiness, Ready

APP_LABEL = "app.kubernetes.io/name"
SERVICE_LABEL = "kubernetes.io/service-name"

Object = Mapping[str, Any]


def judge(
    workloads: Sequence[Object], jobs: Sequence[Object], digests: Digests, colour: str
) -> Readiness:
    """Whether all workloads of a colour are available and run exactly these digests.

    Args:
        workloads: Deployments and StatefulSets of the colour.
        jobs: Jobs of the colour, hooks among them.
        digests: the image digest of each workload, by its app label.
        colour: the colour, for the reason.
    """
    if not workloads:
        return NotReady(f"there is no workload labelled switchyard.dev/colour={colour} yet")
    problems = [
        *(p for w in workloads for p in (_wrong_images(w, digests), _unavailable(w)) if p),
        *(p for job in jobs if (p := _job_problem(job, digests))),
        *_missing_workloads(workloads, digests),
    ]
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return NotReady(problems[0] + more)
    return Ready()


def judge_endpoints(
    slices: Iterable[Object], services: Iterable[Service], colour: str
) -> Readiness:
    """Whether every service of a colour has a ready endpoint."""
    ready = {service.name: 0 for service in services}
    for item in slices:
        name = _labels(item).get(SERVICE_LABEL)
        if name in ready:
            ready[name] += sum(1 for _ in ready_endpoints(item))
    missing = sorted(name for name, count in ready.items() if count == 0)
    if missing:
        return NotReady(f"no ready endpoint of {colour} for: {', '.join(missing)}")
    return Ready()


def ready_endpoints(item: Object) -> Iterable[Object]:
    """The endpoints of a slice that may take traffic."""
    for endpoint in item.get("endpoints") or ():
        conditions: Mapping[str, bool] = endpoint.get("conditions") or {}
        # the API defines an absent `ready` as unknown, to be taken as ready
        if conditions.get("ready") is not False and not conditions.get("terminating"):
            yield endpoint


def _labels(item: Object) -> Mapping[str, str]:
    return item["metadata"].get("labels") or {}


def _name(item: Object) -> str:
    return f"{item.get('kind', 'workload')} {item['metadata']['name']}"


def _images(item: Object) -> list[str]:
    pod = item["spec"]["template"]["spec"]
    containers = [*pod.get("containers", ()), *pod.get("initContainers", ())]
    return [container.get("image", "") for container in containers]


def _digests(item: Object) -> set[str]:
    return {image.rpartition("@")[2] for image in _images(item)}


def _wrong_images(item: Object, digests: Digests) -> str | None:
    wanted = set(digests.values())
    for image in _images(item):
        digest = image.rpartition("@")[2]
        if digest not in wanted:
            return f"{_name(item)} runs {image}, which is not among the candidate's digests"
    return None


def _missing_workloads(workloads: Sequence[Object], digests: Digests) -> Iterable[str]:
    for app, digest in sorted(digests.items()):
        runs = any(_labels(w).get(APP_LABEL) == app and digest in _digests(w) for w in workloads)
        if not runs:
            yield f"no workload labelled {APP_LABEL}={app} runs {digest[:19]}"


def _unavailable(item: Object) -> str | None:
    status: Mapping[str, Any] = item.get("status") or {}
    wanted: int = item["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < item["metadata"].get("generation", 0):
        return f"{_name(item)} has a newer generation than its controller has seen"
    if wanted < 1:
        return f"{_name(item)} is scaled to 0"
    for key, word in (("updatedReplicas", "updated"), ("availableReplicas", "available")):
        count = status.get(key, 0)
        if count < wanted:
            return f"{_name(item)}: {count} of {wanted} replicas {word}"
    if status.get("replicas", 0) != wanted:
        return f"{_name(item)}: {status.get('replicas', 0)} replicas, old ones among them"
    return None


def _job_problem(job: Object, digests: Digests) -> str | None:
    status: Mapping[str, Any] = job.get("status") or {}
    conditions: Sequence[Object] = status.get("conditions") or ()
    done = {c["type"] for c in conditions if c.get("status") == "True"}
    if "Complete" in done:
        return None  # of whatever digest: the workloads that came after it prove what runs
    if "Failed" in done:
        # a failed job of an earlier candidate says nothing about this one
        return f"{_name(job)} failed" if _digests(job) <= set(digests.values()) else None
    return f"{_name(job)} has not finished"
