"""The judge beside its peers over seeded releases, as tables.

`python -m bench.judge` measures all of it; `--scenarios aa,errors-3x`, or `good`, or `broken`, a
part. Results are kept under `--out` chunk by chunk: the same command again goes on where it was
interrupted.
"""

import argparse
import json
import sys
from pathlib import Path

from bench.judge.judges import JUDGES
from bench.judge.outcome import Summary
from bench.judge.results import Measurement
from bench.judge.scenarios import BROKEN, GOOD, SCENARIOS
from bench.judge.tables import tables
from bench.judge.traffic import Scenario

GROUPS = {"good": GOOD, "broken": BROKEN, "all": (*GOOD, *BROKEN)}


def chosen_scenarios(text: str) -> list[Scenario]:
    """Names and groups, separated by commas.

    Raises:
        SystemExit: a name is not known; naming those that are.
    """
    found: list[Scenario] = []
    for name in text.split(","):
        if name not in GROUPS and name not in SCENARIOS:
            known = ", ".join((*GROUPS, *SCENARIOS))
            raise SystemExit(
                f"scenario {name!r} is not known, so nothing was measured; use {known}"
            )
        found += GROUPS.get(name) or (SCENARIOS[name],)
    return list(dict.fromkeys(found))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.judge", description=__doc__)
    parser.add_argument("--scenarios", default="all", help="names, or good, broken, all")
    parser.add_argument("--judges", default=",".join(JUDGES), help="some of the default")
    parser.add_argument("--runs", type=int, default=500, help="simulated releases a scenario")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--workers", type=int, default=1, help="processes side by side")
    parser.add_argument("--out", type=Path, default=Path("reports/judge"))
    parser.add_argument("--json", action="store_true", help="figures instead of tables")
    asked = parser.parse_args()
    unknown = [name for name in asked.judges.split(",") if name not in JUDGES]
    if unknown:
        parser.error(f"judges {unknown} are not known; use {', '.join(JUDGES)}")
    judges = {name: JUDGES[name] for name in asked.judges.split(",")}
    measurement = Measurement(asked.out, asked.runs, asked.seed, asked.workers)
    found: dict[str, dict[str, Summary]] = {}
    for scenario in chosen_scenarios(asked.scenarios):
        outcomes = measurement.of(scenario, judges)
        found[scenario.name] = {
            judge: Summary.of(outcome, scenario.since) for judge, outcome in outcomes.items()
        }
    if asked.json:
        plain = {
            scenario: {judge: figures.to_json() for judge, figures in row.items()}
            for scenario, row in found.items()
        }
        print(json.dumps(plain, indent=1))  # noqa: T201 - the answer
    else:
        print(tables(found))  # noqa: T201 - the answer
    return 0


if __name__ == "__main__":
    sys.exit(main())
