"""Judges that say what a test wants, and carry their state as the real ones do."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from controller_simulator import Cluster, make_spec

from controller.api import Switch
from controller.observed import Allowance, Judgement
from controller.ramp_api import Evidence
from controller.sight import Unknown

STEPS = (1, 5, 25, 50)


def ramp_spec(live: str = "green", version: str = "v2", **strategy: Any) -> dict[str, Any]:  # noqa: ANN401
    plain = make_spec(live, version)
    return {
        **plain,
        "strategy": {
            **plain["strategy"],
            "kind": "canary",
            "steps": [*STEPS, 100],
            "dwell": "3s",
            **strategy,
        },
        "judge": {"indicators": [{"name": "errors", "kind": "ratio"}]},
    }


@dataclass
class ScriptedJudges:
    """Adds a second of evidence a look, and says `verdicts[weight]`, or HOLD."""

    cluster: Cluster
    verdicts: dict[int, str] = field(default_factory=dict[int, str])
    away: str | None = None
    """Why nothing can be said at all."""
    missing: str | None = None
    """Why an indicator has no data."""
    detectable: float | None = 2.0
    late: float = 0.0
    """Seconds by which samples are old."""
    allowance: Allowance | Unknown | None = None
    said: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def look(self, switch: Switch) -> Judgement | Unknown:
        if self.away is not None:
            return Unknown(self.away)
        status = switch.status
        assert status.ramp is not None
        verdict = self.verdicts.get(status.ramp.weight, "HOLD")
        before = status.judge.state if status.judge else None
        count = int(before or 0) + 1
        self.said.append((status.ramp.weight, verdict))
        return Judgement(
            follows=before,
            state=str(count),
            at=self.cluster.now - timedelta(seconds=self.late),
            verdict=verdict,
            reason=f"the judge says {verdict}",
            evidence=(
                Evidence(
                    name="errors",
                    verdict=verdict,
                    e=1.0,
                    interval=(0.5, None),
                    no_data=self.missing,
                ),
            ),
            seconds=0.0 if self.missing else 1.0,
            missing=self.missing,
            exposed=10.0 * count,
            harmed=1.0,
            detectable=self.detectable,
            power="at 0.1 requests a second only a regression of 20 times could show",
        )

    def budget(self, switch: Switch) -> Allowance | Unknown | None:
        del switch
        return self.allowance


async def about_to_ramp(**strategy: Any) -> tuple[Cluster, ScriptedJudges]:  # noqa: ANN401
    """Blue serves v1; green runs v2 and is asked for by steps."""
    cluster = Cluster()
    judges = ScriptedJudges(cluster)
    cluster.judges = judges
    cluster.create(make_spec("blue", "v1"))
    await cluster.settle()
    cluster.run("green", "v2")
    cluster.writes.clear()
    cluster.driver = None
    cluster.set_spec(ramp_spec(**strategy))
    return cluster, judges
