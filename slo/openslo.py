"""The documents of an OpenSLO v1 file as types: what may be written, and nothing else.

Specification: https://github.com/OpenSLO/OpenSLO#specification (openslo/v1). What these types let
through may still make no sense together, or for Prometheus; `reading` tells.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

VERSION = "openslo/v1"

Name = Annotated[
    str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
]
Description = Annotated[str, Field(max_length=1050)]


class Model(BaseModel):
    """Frozen; camelCase outside; an unknown key is an error, because it would have no effect."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, defer_build=True
    )


class Metadata(Model):
    """What every object says of itself."""

    name: Name
    display_name: str | None = None
    labels: dict[str, str | list[str]] = Field(default_factory=dict[str, str | list[str]])
    annotations: dict[str, str] = Field(default_factory=dict[str, str])


class MetricSource(Model):
    """Where a metric comes from."""

    metric_source_ref: str | None = None
    type: str | None = None
    spec: dict[str, Any]


class Metric(Model):
    """One metric."""

    metric_source: MetricSource


class RatioMetric(Model):
    """Good or bad events by all events, or a ratio that is one already."""

    counter: bool = True
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric | None = None
    raw_type: Literal["success", "failure"] | None = None
    raw: Metric | None = None


class IndicatorSpec(Model):
    """How a metric is read."""

    description: Description = ""
    threshold_metric: Metric | None = None
    ratio_metric: RatioMetric | None = None


class Indicator(Model):
    """An SLI written inside an SLO."""

    metadata: Metadata | None = None
    spec: IndicatorSpec


class TimeWindow(Model):
    """A rolling window; calendar-aligned ones are known in order to be refused with the reason."""

    duration: str
    is_rolling: bool | None = None
    calendar: dict[str, Any] | None = None


class Objective(Model):
    """A target of the indicator."""

    display_name: str | None = None
    op: Literal["lte", "gte", "lt", "gt"] | None = None
    value: float | None = None
    target: float | None = None
    target_percent: float | None = None
    time_slice_target: float | None = None
    time_slice_window: float | str | None = None


class ConditionDetail(Model):
    """When an alert fires."""

    kind: Literal["burnrate"] = "burnrate"
    op: Literal["lte", "gte", "lt", "gt"] | None = None
    threshold: Annotated[float, Field(gt=0)]
    lookback_window: str
    alert_after: str = "0m"


class ConditionSpec(Model):
    """An alert condition."""

    description: Description = ""
    severity: str
    condition: ConditionDetail


class ConditionEntry(Model):
    """An alert condition in a policy, by name or inside it."""

    condition_ref: str | None = None
    kind: Literal["AlertCondition"] | None = None
    metadata: Metadata | None = None
    spec: ConditionSpec | None = None


class TargetSpec(Model):
    """Where notifications go."""

    target: str
    description: Description = ""


class TargetEntry(Model):
    """A notification target in a policy, by name or inside it."""

    target_ref: str | None = None
    kind: Literal["AlertNotificationTarget"] | None = None
    metadata: Metadata | None = None
    spec: TargetSpec | None = None


class PolicySpec(Model):
    """When to alert, and whom."""

    description: Description = ""
    alert_when_no_data: bool = False
    alert_when_resolved: bool = False
    alert_when_breaching: bool = False
    conditions: Annotated[list[ConditionEntry], Field(min_length=1, max_length=1)]
    notification_targets: list[TargetEntry] = Field(default_factory=list[TargetEntry])


class PolicyEntry(Model):
    """An alert policy in an SLO, by name or inside it."""

    alert_policy_ref: str | None = None
    kind: Literal["AlertPolicy"] | None = None
    metadata: Metadata | None = None
    spec: PolicySpec | None = None


class SloSpec(Model):
    """What an SLO promises."""

    description: Description = ""
    service: Name
    indicator: Indicator | None = None
    indicator_ref: str | None = None
    time_window: list[TimeWindow] = Field(default_factory=list[TimeWindow])
    budgeting_method: Literal["Occurrences", "Timeslices"]
    objectives: Annotated[list[Objective], Field(min_length=1)]
    alert_policies: list[PolicyEntry] = Field(default_factory=list[PolicyEntry])


class SourceSpec(Model):
    """A data source."""

    description: Description = ""
    type: str
    connection_details: Any = None


class ServiceSpec(Model):
    """A service."""

    description: Description = ""


def _version(value: str) -> str:
    if value != VERSION:
        raise ValueError(f"only {VERSION} is read")
    return value


class _Object(Model):
    api_version: Annotated[str, AfterValidator(_version)]
    metadata: Metadata


class SloObject(_Object):
    """kind: SLO."""

    kind: Literal["SLO"]
    spec: SloSpec


class SliObject(_Object):
    """kind: SLI."""

    kind: Literal["SLI"]
    spec: IndicatorSpec


class ServiceObject(_Object):
    """kind: Service."""

    kind: Literal["Service"]
    spec: ServiceSpec = ServiceSpec()


class DataSourceObject(_Object):
    """kind: DataSource."""

    kind: Literal["DataSource"]
    spec: SourceSpec


class PolicyObject(_Object):
    """kind: AlertPolicy."""

    kind: Literal["AlertPolicy"]
    spec: PolicySpec


class ConditionObject(_Object):
    """kind: AlertCondition."""

    kind: Literal["AlertCondition"]
    spec: ConditionSpec


class TargetObject(_Object):
    """kind: AlertNotificationTarget."""

    kind: Literal["AlertNotificationTarget"]
    spec: TargetSpec


Object = (
    SloObject
    | SliObject
    | ServiceObject
    | DataSourceObject
    | PolicyObject
    | ConditionObject
    | TargetObject
)

KINDS: dict[str, type[Object]] = {
    "SLO": SloObject,
    "SLI": SliObject,
    "Service": ServiceObject,
    "DataSource": DataSourceObject,
    "AlertPolicy": PolicyObject,
    "AlertCondition": ConditionObject,
    "AlertNotificationTarget": TargetObject,
}
"""Every kind of openslo/v1."""
