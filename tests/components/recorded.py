"""A recording monitor in place of the engine, and what it recorded."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

from google.protobuf import json_format
from pulumi.runtime import mocks

PROJECT = Path(__file__).resolve().parents[2]
SHA = "0123456789abcdef0123456789abcdef01234567"
OTHER_SHA = "89abcdef0123456789abcdef0123456789abcdef"
PASSWORD = "correct horse battery staple"  # noqa: S105 - to be looked for where it must not be
SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the engine's marker of secret values


class Run(Protocol):
    """Runs the whole program; returns what it registered once all of it has drained."""

    def __call__(
        self, *, preview: bool = False, status: dict[str, Any] | None = None
    ) -> "Graph": ...


@dataclass(frozen=True)
class Registered:
    """One resource as it was registered."""

    urn: str
    type: str
    name: str
    parent: str
    provider: str
    inputs: dict[str, Any]
    dependencies: tuple[str, ...]
    secret_outputs: tuple[str, ...]

    @property
    def kind(self) -> str:
        return self.type.rpartition(":")[2]


@dataclass
class Graph:
    """Everything that a run of the program registered."""

    resources: dict[str, Registered] = field(default_factory=dict[str, Registered])
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    exports: dict[str, Any] = field(default_factory=dict[str, Any])

    def needs(self, name: str) -> set[str]:
        """Names of all that must be there before, and is deleted after, a resource."""
        seen: set[str] = set()
        waiting = [self.one(name).urn]
        while waiting:
            resource = self.resources.get(waiting.pop())
            if resource is None or resource.urn in seen:
                continue
            seen.add(resource.urn)
            waiting += [resource.parent, *resource.dependencies]
            waiting += [resource.provider.rpartition("::")[0]]
        return {self.resources[urn].name for urn in seen} - {name}

    def of_kind(self, kind: str) -> list[Registered]:
        found = [one for one in self.resources.values() if one.kind == kind]
        assert found, f"no {kind} in the graph: the assertion after this would hold for nothing"
        return found

    def one(self, name: str) -> Registered:
        found = [one for one in self.resources.values() if one.name == name]
        assert len(found) == 1, f"{len(found)} resources named {name!r}"
        return found[0]


class RecordingMonitor(mocks.MockMonitor):
    """Records registrations, and refuses a URN that it has seen: the engine would as well."""

    def __init__(self, given: mocks.Mocks) -> None:
        super().__init__(given)
        self.graph = Graph()

    def RegisterResource(self, request: Any) -> Any:  # noqa: ANN401, N802 - gRPC's
        urn = self.make_urn(request.parent, request.type, request.name)
        if urn in self.graph.resources:
            raise AssertionError(f"{urn} is registered twice")
        if request.type != "pulumi:pulumi:Stack":
            self.graph.resources[urn] = Registered(
                urn=urn,
                type=request.type,
                name=request.name,
                parent=request.parent,
                provider=request.provider,
                inputs=json_format.MessageToDict(request.object),
                dependencies=tuple(sorted(request.dependencies)),
                secret_outputs=tuple(request.additionalSecretOutputs),
            )
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: ANN401, N802 - gRPC's
        self.graph.outputs[request.urn] = json_format.MessageToDict(request.outputs)
        return super().RegisterResourceOutputs(request)

    def ReadResource(self, request: Any) -> Any:  # noqa: ANN401, N802 - gRPC's
        raise AssertionError(f"{request.name} is only read, and would stand in every preview")


class Cluster(mocks.Mocks):
    """Answers as a cluster in which the release ended with that colour serving."""

    def __init__(self, status: dict[str, Any] | None) -> None:
        self.status = status

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        state = dict(args.inputs)
        if args.typ.endswith(":TrafficSwitch"):
            state["status"] = self.status
        return args.resource_id or args.name, state

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise AssertionError(f"the program asks the provider {args.token}")


def secret(value: object) -> object:
    """The plain value behind the engine's secret marker; fails when there is no marker."""
    marked = cast("dict[str, Any]", value)
    assert SECRET in marked, "the value is not marked secret"
    return marked["value"]
