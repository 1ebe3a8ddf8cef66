"""What one value of a stack may be, and how a refusal reads; used by `settings` alone.

Each rule takes the plain value and returns it typed, or refuses it with value, consequence and fix.
Rules that need more than one value are in `across_twins`; it tolerates malformed data, so that its
findings are told together with those of the single values.
"""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, cast

import pulumi
import yaml
from pydantic import BeforeValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from images.lock import Lock

PLATFORM_NAMESPACES = frozenset(
    {
        "argocd",
        "default",
        "edge",
        "envoy-gateway-system",
        "kube-node-lease",
        "kube-public",
        "kube-system",
        "observability",
        "switchyard",
    }
)
"""Kubernetes namespaces that a twin may not take: the platform's own and Kubernetes'."""

PLATFORM_IMAGES = (
    "argocd",
    "controller",
    "envoy",
    "envoy-gateway",
    "postgres",
    "prometheus",
    "redis",
)
"""Images that every stack deploys, whatever its twins are."""

_FULL_SHA = re.compile(r"[0-9a-f]{40}")
_DIGEST_REFERENCE = re.compile(r"[^\s@]+/[^\s@]+@sha256:[0-9a-f]{64}")
_DURATION = re.compile(r"(\d+(ms|s|m|h))+")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_HOSTNAME = re.compile(rf"(?=.{{1,253}}$){_LABEL.pattern}(\.{_LABEL.pattern})*")
_NAME_LIMIT = 40
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Colour(StrEnum):
    """One of the two environments of a twin."""

    BLUE = "blue"
    GREEN = "green"


@dataclass(frozen=True)
class Problem:
    """One refusal: where it is written, what is written, what that would do, what to write."""

    where: str
    value: str
    consequence: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.value}\n     {self.consequence}\n     fix: {self.fix}"


class SettingsError(pulumi.RunError):
    """A stack's settings were refused; its text names every problem and nothing was changed."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"
        listed = "\n".join(f"  {i}. {problem}" for i, problem in enumerate(self.problems, 1))
        super().__init__(f"{source} has {count}; nothing was changed.\n{listed}")


@dataclass(frozen=True)
class Context:
    """What rules may consult: the image lock, unless it could not be read."""

    lock: Lock | None = None

    @staticmethod
    def of(info: ValidationInfo) -> "Context":
        """The context of a validation; an empty one outside a stack."""
        return info.context if isinstance(info.context, Context) else Context()


def refused(value: str, consequence: str, fix: str) -> PydanticCustomError:
    """The error by which a rule refuses a value."""
    context = {"value": value, "consequence": consequence, "fix": fix}
    return PydanticCustomError("refused", "{value}: {consequence}; {fix}", context)


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise refused(
            f"{value!r} is no {what}", "the stack cannot be planned", f"write the {what} as text"
        )
    return value


def _colour(value: object) -> Colour:
    names = [colour.value for colour in Colour]
    if value not in names:
        near = difflib.get_close_matches(str(value), names, 1)
        raise refused(
            f"{value!r} is no colour",
            "no environment would be meant by it, and traffic would have no destination",
            f"write {near[0]!r}" if near else "write 'blue' or 'green'",
        )
    return Colour(cast("str", value))


def _revision(value: object) -> str:
    text = str(value)
    if not _FULL_SHA.fullmatch(text):
        raise refused(
            f"{text!r} is not a full commit SHA",
            "a branch or a short SHA can come to mean another content after the review",
            "write all 40 lower-case hex digits that `git rev-parse` prints",
        )
    return text


def _image(value: object, info: ValidationInfo) -> str:
    text = _text(value, "image")
    if _DIGEST_REFERENCE.fullmatch(text):
        return text
    if "/" in text or ":" in text or "@" in text:
        raise refused(
            f"{text!r} does not end in a digest",
            "a tag can be moved to another content behind the stack's back",
            "write `repository@sha256:<64 hex digits>`, or a name of the image lock",
        )
    lock = Context.of(info).lock
    if lock is not None and text not in lock.images:
        near = difflib.get_close_matches(text, list(lock.images), 1)
        raise refused(
            f"{text!r} is not in the image lock",
            "there is no digest to deploy",
            (f"write {near[0]!r}, or " if near else "") + f"run `switchyard bake {text}`",
        )
    return text


def _duration(value: object) -> str:
    text = str(value)
    if text.startswith("-"):
        raise refused(
            f"{text!r} is negative",
            "there is no time before the release in which to act",
            'write a duration of zero or more, such as "1h"',
        )
    if not isinstance(value, str) or not _DURATION.fullmatch(text):
        raise refused(
            f"{value!r} is no duration",
            "the controller could not tell how long to wait",
            'write digits with their units: "90s", "5m", "1h30m"',
        )
    return text


def _positive_duration(value: object) -> str:
    text = _duration(value)
    if seconds(text) == 0:
        raise refused(
            f"{text!r} is zero",
            "every candidate would be given up before its first probe",
            'write a positive duration, such as "5m"',
        )
    return text


def _hostname(value: object) -> str:
    text = str(value)
    if not _HOSTNAME.fullmatch(text):
        raise refused(
            f"{text!r} is no hostname",
            "the gateway would refuse the route",
            "write a lower-case DNS name without scheme, port or path",
        )
    return text


def _label(value: object) -> str:
    text = str(value)
    if len(text) > _NAME_LIMIT or not _NAME.fullmatch(text):
        raise refused(
            f"{text!r} is no name",
            "Kubernetes would refuse the namespace or the Service made from it",
            f"write at most {_NAME_LIMIT} lower-case letters, digits and hyphens, a letter first",
        )
    return text


def _path(value: object) -> str:
    text = str(value)
    if not text.startswith("/"):
        raise refused(f"{text!r} is no path", "no request would ever match it", f"write '/{text}'")
    return text


Revision = Annotated[str, BeforeValidator(_revision)]
Image = Annotated[str, BeforeValidator(_image)]
Duration = Annotated[str, BeforeValidator(_duration)]
PositiveDuration = Annotated[str, BeforeValidator(_positive_duration)]
Hostname = Annotated[str, BeforeValidator(_hostname)]
Name = Annotated[str, BeforeValidator(_label)]
UrlPath = Annotated[str, BeforeValidator(_path)]
AColour = Annotated[Colour, BeforeValidator(_colour)]


def seconds(duration: str) -> float:
    """The length of a duration such as "1h30m", in seconds."""
    parts = re.findall(r"(\d+)(ms|s|m|h)", duration)
    return sum(int(count) * _UNITS[unit] for count, unit in parts)


def missing_platform_images(lock: Lock | None) -> Iterator[Problem]:
    """Images of the platform that the lock lacks."""
    if lock is None:
        return
    for name in PLATFORM_IMAGES:
        if name not in lock.images:
            yield Problem(
                "switchyard:images.lock",
                f"{name!r} is not in the image lock",
                "the platform would lack a part",
                f"run `switchyard bake {name}`",
            )


def foundation(plain: object) -> Iterator[Problem]:
    """Problems between the values of the foundation, in whatever shape it was written."""
    written = _mapping(plain)
    where = "switchyard:foundation"
    if written.get("kind") == "kubeconfig" and "context" not in written:
        yield Problem(
            where,
            "names no context",
            "whatever `kubectl config use-context` chose last would be changed",
            "write `context:` with a name that `kubectl config get-contexts` lists",
        )
    elif written.get("kind") == "kubeconfig":
        yield from _kubeconfig(where, written)
    if written.get("kind") == "yard" and (extra := sorted({"context", "path"} & set(written))):
        yield Problem(
            where,
            f"has {', '.join(map(repr, extra))} beside kind 'yard'",
            "the yard brings its own kubeconfig, so the value would be ignored",
            "remove it, or write `kind: kubeconfig`",
        )


def _kubeconfig(where: str, written: dict[str, Any]) -> Iterator[Problem]:
    path = Path(str(written.get("path") or Path.home() / ".kube" / "config"))
    context = str(written["context"])
    try:
        document = _mapping(yaml.safe_load(path.read_text()))
    except (OSError, yaml.YAMLError) as error:
        yield Problem(
            f"{where}.path",
            f"{str(path)!r} cannot be read: {error}",
            "every object would look as if it were still to be created",
            "write `path:` with a kubeconfig of this machine",
        )
        return
    known = [str(_mapping(one).get("name")) for one in _sequence(document.get("contexts"))]
    if context not in known:
        near = difflib.get_close_matches(context, known, 1)
        yield Problem(
            f"{where}.context",
            f"{context!r} is not in {path}",
            "no cluster is meant by it",
            f"write {near[0]!r}" if near else f"write one of: {', '.join(known) or '(none there)'}",
        )


def across_twins(twins: object) -> Iterator[Problem]:
    """Problems between values: names, hostnames and the likeness of the two colours.

    Args:
        twins: the plain `twins` of the stack, in whatever shape it was written.
    """
    owners = dict.fromkeys(PLATFORM_NAMESPACES, "the platform")
    hostnames: dict[str, str] = {}
    for name, twin in _mapping(twins).items():
        where = f"switchyard:twins.{name}"
        yield from _namespaces(where, name, owners)
        services = [_mapping(service) for service in _sequence(_mapping(twin).get("services"))]
        yield from _hostnames(where, services, hostnames)
        yield from _services(where, services, _mapping(twin))
        yield from _probes(where, services)


def _namespaces(where: str, name: str, owners: dict[str, str]) -> Iterator[Problem]:
    for namespace in (name, f"{name}-blue", f"{name}-green"):
        if namespace in owners:
            yield Problem(
                where,
                f"its namespace {namespace!r} belongs to {owners[namespace]} already",
                "two owners would overwrite each other's objects",
                "give the twin another name",
            )
        owners.setdefault(namespace, f"twin {name!r}")


def _hostnames(
    where: str, services: list[dict[str, Any]], taken: dict[str, str]
) -> Iterator[Problem]:
    for index, service in enumerate(services):
        for hostname in _sequence(service.get("hostnames")):
            here = f"{where}.services.{index}"
            if hostname in taken:
                yield Problem(
                    f"{here}.hostnames",
                    f"{hostname!r} is taken by {taken[hostname]} already",
                    "the gateway would send its requests to whichever route is older",
                    "give each service hostnames of its own",
                )
            taken.setdefault(hostname, here)


def _services(
    where: str, services: list[dict[str, Any]], twin: dict[str, Any]
) -> Iterator[Problem]:
    names = [str(service.get("name")) for service in services]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(
            f"{where}.services",
            f"{name!r} is named {names.count(name)} times",
            "the second route would overwrite the first",
            "list it once, with all its hostnames",
        )
    images = {colour: set(_mapping(_mapping(twin.get(colour)).get("images"))) for colour in Colour}
    for colour, other in ((Colour.BLUE, Colour.GREEN), (Colour.GREEN, Colour.BLUE)):
        if images[colour] and (missing := sorted(images[other] - images[colour])):
            yield Problem(
                f"{where}.{colour}.images",
                f"lacks {', '.join(map(repr, missing))}, which {other} has",
                "the twins would differ in more than revision and digests",
                "give both colours the same services",
            )
    known = images[Colour.BLUE] | images[Colour.GREEN]
    for name in sorted(set(names) - known if known else ()):
        yield Problem(
            f"{where}.services",
            f"{name!r} has no image in either colour",
            "its route would lead to nothing",
            f"write one of {', '.join(sorted(known))}, or add its image to both colours",
        )


def _probes(where: str, services: list[dict[str, Any]]) -> Iterator[Problem]:
    for index, service in enumerate(services):
        path, probe = str(service.get("path", "/")), str(service.get("probe", "/"))
        if path.startswith("/") and probe.startswith("/") and not probe.startswith(path):
            yield Problem(
                f"{where}.services.{index}.probe",
                f"{probe!r} lies outside of the service's path {path!r}",
                "the gateway would not route the probe to this service",
                f"write a path below {path!r} that answers quickly",
            )


def _mapping(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _sequence(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []
