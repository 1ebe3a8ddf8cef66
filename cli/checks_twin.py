"""Checks of one twin: the switch, its routes, and the stack file against what serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.environments import environments, routes
from cli.findings import Area, Finding
from cli.views import ABORT, RETRY

if TYPE_CHECKING:
    from cli.rest import Rest
    from cli.views import SwitchView


def twin(rest: Rest, view: SwitchView, wanted_live: str | None) -> list[Finding]:
    """Everything about one twin.

    Args:
        rest: reads the cluster.
        view: the twin's switch.
        wanted_live: the colour that the stack file says is live; None when it does not say.
    """
    area = Area(f"twin {view.name}")
    return [
        _taken_up(area, view),
        _release(area, view),
        *_commands(area, view),
        *_routes(area, rest, view),
        *_serving_environment(area, rest, view),
        *_stack_file(area, view, wanted_live),
    ]


def _taken_up(area: Area, view: SwitchView) -> Finding:
    if view.seen:
        return area.ok("goal", f"live {view.live}, taken up by the controller")
    return area.problem(
        "goal",
        f"live {view.live} (generation {view.generation}), the controller has seen generation "
        f"{view.observed_generation}",
        consequence="the release has not begun",
        fix="see that the controller is well (above); it takes the goal up by itself",
    )


def _release(area: Area, view: SwitchView) -> Finding:
    if view.phase == "Rejected":
        return area.problem(
            "release",
            f"{view.working} was refused: {view.reason}",
            consequence=f"{view.serving or 'nothing'} serves, not {view.live}",
            fix=f"`switchyard explain {view.name}`; `switchyard retry {view.name}` tries again",
        )
    degraded = view.condition("Degraded")
    if degraded and degraded.status == "True":
        return area.problem(
            "release",
            f"degraded: {degraded.message or degraded.reason}",
            consequence="the switch cannot do what it is asked for",
            fix=f"`switchyard explain {view.name}`",
        )
    if view.at_rest:
        return area.ok("release", f"{view.serving or 'nothing'} serves: {view.reason}")
    return area.note("release", f"{view.working} is {view.phase}: {view.reason}")


def _commands(area: Area, view: SwitchView) -> list[Finding]:
    return [
        area.problem(
            "command",
            f"{key}={view.annotations[key]} waits on the switch",
            consequence="the controller has not obeyed it yet",
            fix="see that the controller is well (above); it obeys by itself",
        )
        for key in (ABORT, RETRY)
        if key in view.annotations
    ]


def _routes(area: Area, rest: Rest, view: SwitchView) -> list[Finding]:
    wanted = view.weights()
    if wanted is None:
        return [area.note("routes", "nothing serves yet, so none is wanted")]
    if not view.at_rest:
        return [area.note("routes", f"being written while the release is {view.phase}")]
    found = routes(rest, view)
    wrong = [route for route in found if not route.present or route.weights != wanted]
    if not wrong:
        return [area.ok("routes", f"all {len(found)} as the switch wants them")]
    return [
        area.problem(
            f"route {route.service}",
            f"weights {route.weights}, the switch wants {wanted}"
            if route.present
            else "it does not exist",
            consequence="traffic does not go where the switch says",
            fix="the controller repairs it within seconds; if not, see that it is well (above)",
        )
        for route in wrong
    ]


def _serving_environment(area: Area, rest: Rest, view: SwitchView) -> list[Finding]:
    findings: list[Finding] = []
    for environment in environments(rest, view):
        lacking = [item for item in environment.workloads if not item.available]
        serving = environment.colour == view.serving
        name = f"{environment.colour} environment"
        if not environment.workloads:
            found = f"no workloads in namespace {environment.namespace}"
        elif lacking:
            listed = ", ".join(f"{item.name} {item.ready}/{item.desired}" for item in lacking)
            found = f"not available: {listed}"
        else:
            findings.append(area.ok(name, f"all {len(environment.workloads)} workloads available"))
            continue
        findings.append(
            area.problem(
                name,
                found,
                consequence="the serving colour is short of pods"
                if serving
                else "it could neither take over nor be gone back to",
                fix=f"`kubectl -n {environment.namespace} get pods`",
            )
        )
    return findings


def _stack_file(area: Area, view: SwitchView, wanted_live: str | None) -> list[Finding]:
    if wanted_live is None:
        return [area.note("stack file", "it does not speak of this twin")]
    if wanted_live == view.serving:
        return [area.ok("stack file", f"live: {wanted_live}, which serves")]
    if wanted_live != view.live:
        return [
            area.problem(
                "stack file",
                f"live: {wanted_live}, the switch's goal is {view.live}, "
                f"{view.serving or 'nothing'} serves",
                consequence="the stack file was changed and not applied, or was applied elsewhere",
                fix=f"`switchyard plan {view.name}`, then `switchyard up`",
            )
        ]
    if not view.at_rest or not view.seen:
        return [area.note("stack file", f"live: {wanted_live}, the release is under way")]
    return [
        area.problem(
            "stack file",
            f"live: {wanted_live}, {view.serving or 'nothing'} serves",
            consequence="the next reader of the stack file is misled",
            fix=f"write `live: {view.serving}`, or `switchyard retry {view.name}`",
        )
    ]
