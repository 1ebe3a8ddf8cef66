"""OpenSLO's alert policies: conditions and targets resolved, one `BurnAlert` a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slo import durations, openslo
from slo.model import BurnAlert

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slo.findings import Findings, Place
    from slo.objects import Objects


def alerts(
    entries: Iterable[openslo.PolicyEntry], place: Place, objects: Objects, problems: Findings
) -> tuple[BurnAlert, ...]:
    """The alerts of an SLO's policies; problems and fewer of them when one cannot be used."""
    made: list[BurnAlert] = []
    for index, entry in enumerate(entries):
        where = f"spec.alertPolicies.{index}"
        policy = entry.spec
        if entry.alert_policy_ref is not None:
            found = objects.get(
                openslo.PolicyObject,
                entry.alert_policy_ref,
                problems,
                place,
                f"{where}.alertPolicyRef",
            )
            policy = found.spec if found else None
        elif policy is None:
            _empty(place, where, "alertPolicyRef", problems)
        alert = _alert(policy, place, where, objects, problems) if policy else None
        if alert is not None:
            made.append(alert)
    return tuple(made)


def _alert(
    policy: openslo.PolicySpec, place: Place, where: str, objects: Objects, problems: Findings
) -> BurnAlert | None:
    name, spec = _condition(policy.conditions[0], place, where, objects, problems)
    targets = [
        _target(entry, place, f"{where}.notificationTargets.{index}", objects, problems)
        for index, entry in enumerate(policy.notification_targets)
    ]
    if spec is None:
        return None
    condition = spec.condition
    lookback = durations.parse(condition.lookback_window)
    after = 0 if condition.alert_after == "0m" else durations.parse(condition.alert_after)
    if lookback is None or after is None:
        problems.add(
            place,
            where,
            f"lookbackWindow {condition.lookback_window!r} or alertAfter "
            f"{condition.alert_after!r} is no duration of fixed length",
            "no rate can be taken over it",
            "write digits and one of m, h, d, w: `1h`",
        )
        return None
    if condition.op not in (None, "gt", "gte"):
        problems.add(
            place,
            where,
            f"op {condition.op} alerts while the budget burns slowly",
            "the alert would fire whenever all is well",
            "write `op: gt`, or leave it out",
        )
        return None
    return BurnAlert(
        name=name,
        severity=spec.severity,
        threshold=condition.threshold,
        lookback=lookback,
        after=after,
        when_breaching=policy.alert_when_breaching,
        when_no_data=policy.alert_when_no_data,
        targets=tuple(name for name in targets if name),
    )


def _condition(
    entry: openslo.ConditionEntry, place: Place, where: str, objects: Objects, problems: Findings
) -> tuple[str, openslo.ConditionSpec | None]:
    if entry.condition_ref is not None:
        found = objects.get(
            openslo.ConditionObject,
            entry.condition_ref,
            problems,
            place,
            f"{where}.conditions.0.conditionRef",
        )
        return entry.condition_ref, found.spec if found else None
    if entry.spec is None:
        _empty(place, f"{where}.conditions.0", "conditionRef", problems)
    return (entry.metadata.name if entry.metadata else "burn-rate"), entry.spec


def _target(
    entry: openslo.TargetEntry, place: Place, where: str, objects: Objects, problems: Findings
) -> str | None:
    if entry.target_ref is None:
        if entry.metadata is None or entry.spec is None:
            _empty(place, where, "targetRef", problems)
            return None
        return entry.metadata.name
    known = list(objects.all(openslo.TargetObject))
    # without any described target the name alone says where to, as in the specification's examples
    if known and not objects.get(
        openslo.TargetObject, entry.target_ref, problems, place, f"{where}.targetRef"
    ):
        return None
    return entry.target_ref


def _empty(place: Place, where: str, reference: str, problems: Findings) -> None:
    problems.add(
        place,
        where,
        f"has neither {reference} nor a spec",
        "nothing would be alerted on",
        f"name one by {reference}, or write its kind, metadata and spec here",
    )
