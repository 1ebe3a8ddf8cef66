"""Typed settings of a stack; the only reader of `pulumi.Config`.

Everything a stack can get wrong is found here, at once and before any resource is registered: one
`SettingsError` lists every problem with its value, its consequence and its fix.

Deliberately not here: what Kubernetes or Git would say about a value (that an address answers, that
a commit exists). Settings are checked without a network, so that a preview stays quick.
"""

import difflib
import hashlib
import hmac
import json
import types
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args, get_origin

import pulumi
import yaml
from pulumi.runtime import config as pulumi_config
from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails

import settings_ramp
from images.errors import ImageError
from images.lock import Lock
from settings_ramp import Indicator, Judge, PublicKey, Strategy, Strict
from settings_rules import (
    PLATFORM_IMAGES,
    AColour,
    Colour,
    Context,
    Hostname,
    Image,
    Name,
    Problem,
    Revision,
    SettingsError,
    UrlPath,
    across_twins,
    foundation,
    missing_platform_images,
    seconds,
)

__all__ = [
    "PLATFORM_IMAGES",
    "Colour",
    "Edge",
    "Environment",
    "Foundation",
    "Git",
    "Images",
    "Indicator",
    "Judge",
    "Problem",
    "Service",
    "Settings",
    "SettingsError",
    "Strategy",
    "Twin",
    "load",
    "load_file",
    "lock",
    "parse",
    "seconds",
]

NAMESPACE = "switchyard"
"""Configuration namespace; also the name of the Pulumi project."""

Port = Annotated[int, Field(ge=1, le=65535, strict=True)]

_SECRET = "databasePassword"  # noqa: S105 - the name of the key, not its value
_PLAIN_SECRET = Problem(
    f"{NAMESPACE}:{_SECRET}",
    "is written in plain text (its value is not repeated here)",
    "everyone who reads the repository could read the database",
    f"run `pulumi config set --secret {_SECRET}`",
)


class Foundation(Strict):
    """The cluster that everything stands on."""

    kind: Literal["yard", "kubeconfig"]
    """`yard`: the embedded cluster on this machine; `kubeconfig`: one that a kubeconfig names."""
    context: str | None = None
    """Context in the kubeconfig; required with `kubeconfig`, because a default would move."""
    path: Path | None = None
    """Kubeconfig file; with `kubeconfig` alone; default `~/.kube/config`."""
    storage_class: str | None = None
    """Storage class of the databases' volumes; default: the cluster's default class."""


class Images(Strict):
    """Where the digests of the stack's images are recorded."""

    lock: Path
    """Lock file that `switchyard bake` writes, relative to the project."""


class Edge(Strict):
    """The gateway, as its users and its network see it."""

    address: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")]
    """URL prefix at which users reach the gateway."""
    service_address: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+\.\d+$")] | None = None
    """Fixed cluster IP of the gateway's Service, for a balancer that is told it in advance."""
    proxies: Annotated[int, Field(ge=1, le=100, strict=True)] = 2
    """Envoy pods; two by default, so that losing one loses no request."""


class Git(Strict):
    """The repositories that Argo CD reconciles from."""

    environments: Annotated[str, Field(min_length=1)]
    """URL of the repository with the twins' charts: one folder a twin."""
    addons: Annotated[str, Field(min_length=1)]
    """URL of the repository with the add-ons' charts."""
    addons_revision: Revision
    """Full commit SHA of the add-ons' repository."""


class Environment(Strict):
    """What one colour runs."""

    revision: Revision
    """Full commit SHA of the environments' repository."""
    images: Annotated[dict[Name, Image], Field(min_length=1)]
    """Service to image: a name of the lock, or a reference by digest."""


class Service(Strict):
    """One public service; all services of a twin switch as one."""

    name: Name
    """Name of the Kubernetes Service in each colour."""
    hostnames: Annotated[list[Hostname], Field(min_length=1)]
    """Hostnames that lead to it; each leads to one service of one twin."""
    path: UrlPath = "/"
    """Path prefix under those hostnames."""
    port: Port = 8080
    """Port of the Kubernetes Service."""
    probe: UrlPath = "/"
    """Path that the controller asks to see which colour answers; must be quick and harmless."""


class Twin(settings_ramp.Twin):
    """One application, twice."""

    live: AColour
    """The colour that is to serve: the one line that a release changes."""
    blue: Environment
    """What the blue environment runs."""
    green: Environment
    """What the green environment runs."""
    services: Annotated[list[Service], Field(min_length=1)]
    """Its public services."""

    def environment(self, colour: Colour) -> Environment:
        """What that colour runs."""
        return self.blue if colour is Colour.BLUE else self.green


class Settings(Strict):
    """Everything a stack says."""

    foundation: Foundation
    images: Images
    edge: Edge
    git: Git
    database_password: Annotated[SecretStr, Field(min_length=1)]
    """Password of the twins' databases; encrypted in the stack file."""
    twins: Annotated[dict[Name, Twin], Field(min_length=1)]
    """Application name to its twin environments."""
    trusted_keys: Annotated[dict[Name, PublicKey], Field(default_factory=dict)]
    """Who may sign an override of a spent error budget: name to public key."""

    def derived_secret(self, purpose: str) -> str:
        """A secret that is a function of the stack's own one: as secret, and stable."""
        key = self.database_password.get_secret_value().encode()
        return hmac.new(key, f"switchyard/{purpose}".encode(), hashlib.sha256).hexdigest()


def load() -> Settings:
    """The settings of the stack that the engine is running.

    Raises:
        SettingsError: with every problem of the stack.
    """
    prefix = f"{NAMESPACE}:"
    texts = {**pulumi_config.get_config_env(), **pulumi_config.CONFIG.get()}
    raw = {
        key.removeprefix(prefix): _decoded(text)
        for key, text in texts.items()
        if key.startswith(prefix)
    }
    problems: list[Problem] = []
    if _SECRET in raw and not pulumi_config.is_config_secret(prefix + _SECRET):
        problems.append(_PLAIN_SECRET)
    return parse(raw, f"Pulumi.{pulumi.get_stack()}.yaml", Path.cwd(), problems)


def load_file(path: Path) -> Settings:
    """The settings in a stack file, outside the engine; an encrypted value stays opaque.

    Raises:
        SettingsError: with every problem of the stack.
    """
    document = cast("object", yaml.load(path.read_text(), Loader=_UniqueKeys))  # noqa: S506 - safe
    config = cast("dict[str, Any]", document).get("config") if isinstance(document, dict) else None
    prefix = f"{NAMESPACE}:"
    raw = {
        key.removeprefix(prefix): value
        for key, value in cast("dict[str, Any]", config or {}).items()
        if key.startswith(prefix)
    }
    problems: list[Problem] = []
    if isinstance(raw.get(_SECRET), dict):
        raw[_SECRET] = str(raw[_SECRET].get("secure", ""))
    elif _SECRET in raw:
        problems.append(_PLAIN_SECRET)
    return parse(raw, path.name, path.parent, problems)


def parse(
    raw: Mapping[str, Any], source: str, project: Path, problems: Iterable[Problem] = ()
) -> Settings:
    """Validate the plain values of a stack; `project` is where its relative paths start.

    Raises:
        SettingsError: with every problem of the stack.
    """
    found = list(problems)
    known: Lock | None = None
    try:
        known = _lock_of(raw, project)
    except ImageError as error:
        found.append(_unreadable_lock(str(error)))
    else:
        found += missing_platform_images(known)
    found += foundation(raw.get("foundation"))
    found += across_twins(raw.get("twins"))
    try:
        settings = Settings.model_validate(dict(raw), context=Context(known))
    except ValidationError as error:
        found += [_problem(detail) for detail in error.errors(include_url=False)]
        raise SettingsError(source, found) from None
    if found:
        raise SettingsError(source, found)
    return settings


def lock(settings: Settings, project: Path) -> Lock:
    """The stack's image lock; `project` is the folder of the stack file.

    Raises:
        ImageError: the lock cannot be read.
    """
    return Lock.load(project / settings.images.lock)


def _lock_of(raw: Mapping[str, Any], project: Path) -> Lock | None:
    """The stack's image lock; None when the settings do not even name one."""
    images = raw.get("images")
    path = cast("dict[str, Any]", images).get("lock") if isinstance(images, dict) else None
    return Lock.load(project / path) if isinstance(path, str) else None


def _unreadable_lock(reason: str) -> Problem:
    return Problem(
        f"{NAMESPACE}:images.lock",
        reason,
        "no image has a digest",
        "run `switchyard bake`, or name the lock of this stack",
    )


def _decoded(text: object) -> object:
    """A configuration value as it was written: the engine hands over structures as JSON."""
    if isinstance(text, str) and text[:1] in ("{", "["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


class _UniqueKeys(yaml.CSafeLoader):
    """Safe YAML in which a key that is written twice is an error, as it is for the engine."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                line = node.start_mark.line + 1
                raise SettingsError(
                    "The stack file",
                    [
                        Problem(
                            f"line {line}",
                            f"{key!r} is written twice",
                            "one of the two would silently win",
                            "keep one of them",
                        )
                    ],
                )
        return cast("dict[Any, Any]", super().construct_mapping(node, deep))


def _problem(detail: ErrorDetails) -> Problem:
    """One of pydantic's findings in the words of this project."""
    where = f"{NAMESPACE}:" + ".".join(str(part) for part in detail["loc"])
    match detail["type"]:
        case "refused":
            context = cast("dict[str, str]", detail.get("ctx", {}))
            return Problem(where, context["value"], context["consequence"], context["fix"])
        case "extra_forbidden":
            key = str(detail["loc"][-1])
            near = difflib.get_close_matches(key, list(_keys_at(detail["loc"][:-1])), 1)
            known = ", ".join(_keys_at(detail["loc"][:-1]))
            return Problem(
                where,
                f"{key!r} is an unknown key",
                "it would have no effect, which its writer would not expect",
                f"write {near[0]!r}" if near else f"remove it; known are: {known}",
            )
        case "missing" if detail["loc"] == (_SECRET,):
            return Problem(
                where,
                "the secret is missing",
                "the databases would have no password",
                f"run `pulumi config set --secret {_SECRET}`",
            )
        case "missing":
            return Problem(
                where,
                "is missing",
                "the stack cannot be planned without it",
                "add it; README.md shows a whole stack file",
            )
        case _:
            shown = "the value" if _SECRET in detail["loc"] else repr(detail["input"])
            return Problem(
                where, f"{shown} does not fit", "the stack cannot be planned", detail["msg"]
            )


def _keys_at(location: tuple[int | str, ...]) -> Iterator[str]:
    """The keys that settings know at a location; names of twins and list indices are skipped."""
    model: type[BaseModel] = Settings
    for part in location:
        for field in model.model_fields.values():
            if field.alias == part:
                model = next(_models_in(field.annotation), model)
    return (field.alias or name for name, field in model.model_fields.items())


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is not None or isinstance(annotation, types.UnionType):
        for inner in get_args(annotation):
            yield from _models_in(inner)
