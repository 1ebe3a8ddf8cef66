"""What the error budgets allow: read beside the loops that decide, like the judge's samples.

The counts over each objective's window are recorded by rules (room `slo`); what they mean is
`judge.budget`'s. A signed override is verified at every look, so that it ends when it expires.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from controller.api import OVERRIDE, Switch
from controller.model import write_moment
from controller.observed import Allowance
from controller.phases import Phase
from controller.prometheus import NoAnswerError, Prometheus
from controller.ramp_api import Slo
from controller.sight import Unknown
from judge.budget import Budget, NoBudget, Throttle, measured, throttle

INTERVAL = 2.0
"""Seconds between two looks at the budgets: 2; they move slowly, and a freeze is to be felt."""
LATEST = 15.0
"""Seconds for which an answer holds: 15; then nobody knows what is left."""
NEEDED = frozenset({Phase.PENDING, Phase.PREPARING, Phase.PROBING, Phase.RAMPING})
"""Phases from which a weight may be raised."""

Known = tuple[Budget | NoBudget, ...]


@dataclass(slots=True)
class _Watch:
    """What is known of one switch's budgets."""

    known: Known | None = None
    at: float = 0.0
    began: float = float("-inf")
    poll: asyncio.Task[Known] | None = None


class Budgets:
    """The error budgets of all switches.

    Args:
        prometheus: where the counts are.
        trusted: name of a key to its public half; who may sign an override.
        clock: Unix time.
    """

    def __init__(
        self,
        prometheus: Prometheus,
        trusted: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._prometheus = prometheus
        self._trusted = dict(trusted or {})
        self._clock = clock
        self._watches: dict[str, _Watch] = {}

    def look(self, switch: Switch) -> Allowance | Unknown | None:
        """What is allowed now, as far as it is known by now; never waits."""
        asked = switch.spec.error_budget
        if asked is None or not asked.slos or switch.status.phase not in NEEDED:
            self._watches.pop(switch.uid, None)
            return None
        watch = self._watches.setdefault(switch.uid, _Watch())
        self._gather(switch, watch, asked.slos)
        if watch.known is None:  # the first answer, or its absence, is on its way
            return Unknown("Prometheus has not said yet what is left of the error budget")
        if time.monotonic() - watch.at > LATEST:
            return self._allowance(switch, (NoBudget("Prometheus has not said of late"),))
        return self._allowance(switch, watch.known)

    def _gather(self, switch: Switch, watch: _Watch, slos: tuple[Slo, ...]) -> None:
        """Take what a poll found, and begin the next when it is time."""
        now = time.monotonic()
        if watch.poll is not None and watch.poll.done():
            if not watch.poll.cancelled() and watch.poll.exception() is None:
                watch.known, watch.at = watch.poll.result(), now
            watch.poll = None
        if watch.poll is None and now - watch.began >= INTERVAL:
            watch.began = now
            poll = self._poll(switch.name, slos)
            watch.poll = asyncio.create_task(poll, name=f"budget {switch.name}")

    async def _poll(self, twin: str, slos: tuple[Slo, ...]) -> Known:
        return tuple(await asyncio.gather(*(self._budget(twin, slo) for slo in slos)))

    async def _budget(self, twin: str, slo: Slo) -> Budget | NoBudget:
        names = ("slo:period_events:bad", "slo:period_events:total", "slo:period_coverage:ratio")
        at = self._clock()
        try:
            found = await asyncio.gather(
                *(
                    self._prometheus.value(f'{n}{{twin="{twin}",sloth_slo="{slo.name}"}}', at)
                    for n in names
                )
            )
        except NoAnswerError as error:
            return NoBudget(str(error), slo.name)
        bad, total, coverage = (values[0][1] if len(values) == 1 else None for values in found)
        return measured(
            slo.objective, slo.window_seconds, bad, total, coverage=coverage, name=slo.name
        )

    def _allowance(self, switch: Switch, known: Known) -> Allowance | Unknown:
        pace = throttle(*known)
        budgets = [one for one in known if isinstance(one, Budget)]
        scarcest = min(budgets, key=lambda one: one.remaining, default=None)
        if not pace.stopped:
            return _allowance(pace, scarcest)
        override, refused = self._override(switch)
        if override is not None:
            return _allowance(pace.overridden(override), scarcest, override)
        reason = f"{pace.reason}{f'; the override is refused: {refused}' if refused else ''}"
        if pace.frozen:
            help_ = "; a signed override (`switchyard override`) would lift it"
            reason += "" if refused else help_
            remaining = scarcest.remaining if scarcest else None
            return Allowance(remaining, frozen=True, reason=reason, budget=scarcest)
        return Unknown(reason)

    def _override(self, switch: Switch) -> tuple[str | None, str | None]:
        """Who lifted the freeze, or why the attempt is refused."""
        text = switch.annotations.get(OVERRIDE)
        if text is None:
            return None, None
        # imported here: it brings cryptography, which few releases need
        from evidence import override  # noqa: PLC0415

        try:
            found = override.verify(
                text,
                twin=switch.name,
                release=switch.spec.release,
                digests=switch.spec.candidate.digests,
                trusted=self._trusted,
                now=datetime.fromtimestamp(self._clock(), UTC),
            )
        except override.OverrideRefused as error:
            return None, str(error)
        return f"{found.signer} until {write_moment(found.expires_at)}: {found.reason}", None


def _allowance(pace: Throttle, budget: Budget | None, override: str | None = None) -> Allowance:
    return Allowance(
        remaining=budget.remaining if budget else None,
        budget=budget,
        max_step=pace.max_step,
        dwell_factor=pace.dwell_factor,
        reason=pace.reason,
        override=override,
    )


def trusted_keys(text: str | None) -> dict[str, str]:
    """The keys that may sign, from JSON `{name: "ed25519:…"}`; none when there is no text.

    Raises:
        ValueError: the text is anything else.
    """
    keys = cast("object", json.loads(text or "{}"))
    if not isinstance(keys, dict):
        raise ValueError(  # noqa: TRY004 - the text is what is wrong
            f"trusted keys {text!r} are no JSON object, so no override could ever be verified; "
            'write {"name": "ed25519:<base64>"}'
        )
    return {str(name): str(key) for name, key in cast("dict[object, object]", keys).items()}
