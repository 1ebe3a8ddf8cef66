"""The traffic switch of one twin: which colour is to serve, and the proof that it does.

Deliberately not here: moving traffic. The release controller does that, told its goal by the custom
resource, whose own status says when the release has ended and how.
"""

from dataclasses import dataclass
from typing import Any

import pulumi

import settings
from components import release
from components.foundation import Cluster
from components.live_object import LiveObject, connect
from components.manifest import Document, Manifest
from components.narration import ReleaseNarrator, Status
from components.progress import stream
from components.recording import Recorded, Recording
from images.lock import Lock

_GRACE = 120.0
"""Seconds that a release may take beyond its own timeout: confirmation, and the way back."""
_PATIENCE = 4.0
"""Times the planned ramp that an update waits for it: 4, as far as an error budget draws it out.
Low traffic can hold it longer: the update then fails, the ramp goes on, the next update waits."""


@dataclass(frozen=True, kw_only=True)
class TrafficSwitchArgs:
    """What the switch is made of.

    Attributes:
        twin: name of the twin; also the switch's name and namespace.
        settings: the twin.
        lock: the stack's image lock.
        cluster: where the switch's progress can be watched.
    """

    twin: str
    settings: settings.Twin
    lock: Lock
    cluster: Cluster


class TrafficSwitch(pulumi.ComponentResource):
    """The switch; ready when its release has ended, and failed when another colour serves.

    Attributes:
        serving: the colour that serves, as the controller saw it; None before the first release.
        phase: the phase of the release.
    """

    serving: pulumi.Output[str | None]
    phase: pulumi.Output[str | None]

    def __init__(
        self, name: str, args: TrafficSwitchArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("switchyard:index:TrafficSwitch", name, None, opts)
        spec = release.switch_spec(args.twin, args.settings, args.lock)
        limit = f"{longest(args.settings.strategy):.0f}s"
        document = traffic_switch(args.twin, spec)
        switch = Manifest(
            f"{name}-resource",
            document,
            pulumi.ResourceOptions(
                parent=self,
                custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit),
            ),
            with_status=True,
        )
        live = LiveObject.of(document, "trafficswitches")
        recorded = Recorded(
            ReleaseNarrator(spec["release"]), spec, Recording(args.twin, "pulumi up")
        )
        stream(args.cluster, live, recorded, self)
        ended = switch.status.apply(lambda written: self._verified(args, spec, live, written or {}))
        self.serving = ended.apply(lambda status: status.get("serving"))
        self.phase = ended.apply(lambda status: status.get("phase"))
        self.register_outputs({"serving": self.serving, "phase": self.phase})

    async def _verified(
        self, args: TrafficSwitchArgs, spec: dict[str, Any], live: LiveObject, written: Status
    ) -> Status:
        """The live status, when it shows the colour that was asked for.

        The state knows the status of the last write alone; an abort since then is in the cluster.
        A preview asks nobody: there the change is still to come.

        Raises:
            RunError: another colour serves; with the controller's reason.
        """
        if pulumi.runtime.is_dry_run():
            return written
        status = await live.status(connect(args.cluster))
        if message := failure(args.twin, spec, status):
            pulumi.log.error(message, self)
            raise pulumi.RunError(message)
        return status


def traffic_switch(twin: str, spec: dict[str, Any]) -> Document:
    """The custom resource; waited for until this very release has ended, in either ending."""
    return {
        "apiVersion": "switchyard.dev/v1alpha1",
        "kind": "TrafficSwitch",
        "metadata": {
            "name": twin,
            "namespace": twin,
            "labels": {"switchyard.dev/twin": twin},
            "annotations": {
                "pulumi.com/waitFor": f"jsonpath={{.status.settled}}={spec['release']}"
            },
        },
        "spec": spec,
    }


def longest(strategy: settings.Strategy) -> float:
    """Seconds that an update waits for a release."""
    ramp = 0.0
    if strategy.ramps:
        steps = len({step for step in strategy.steps if step < 100})  # noqa: PLR2004 - percent
        ramp = steps * (settings.seconds(strategy.dwell) * _PATIENCE + _GRACE)
    return settings.seconds(strategy.health_timeout) + ramp + _GRACE


def failure(twin: str, spec: dict[str, Any], status: Status) -> str | None:
    """Why the switch is not where it was to be, with the controller's reason; None when it is."""
    serving, live = status.get("serving"), spec["live"]
    if serving == live:
        return None
    reason = status.get("reason") or "the controller gave no reason"
    return (
        f"{twin}: {live} was to serve, and {serving or 'nothing'} serves: {reason}\n"
        f"Production was left with {serving or 'nothing'} and will not try again by itself.\n"
        f"fix: put right what failed and give {live} the new content, or run"
        f" `switchyard retry --twin {twin}`, or write `live: {serving or live}`"
    )
