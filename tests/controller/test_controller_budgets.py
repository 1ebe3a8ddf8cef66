"""The controller's budgets: what Prometheus recorded, and overrides as they are really signed."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from controller import budgets as module
from controller.api import OVERRIDE, Switch
from controller.budgets import Budgets, trusted_keys
from controller.observed import Allowance
from controller.prometheus import NoAnswerError, Prometheus
from controller.sight import Unknown
from evidence.dsse import public_line
from evidence.override import issue

pytestmark = pytest.mark.pure

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ALICE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
DIGESTS = {"storefront": "sha256:" + "3" * 64}
RELEASE = "93ee000000000002"

Answer = float | None | NoAnswerError


class Recorded:
    """A Prometheus that holds one value a record and objective, or fails."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], Answer] = {}

    def counts(self, objective: str, bad: Answer, total: Answer) -> None:
        self.values[("slo:period_events:bad", objective)] = bad
        self.values[("slo:period_events:total", objective)] = total
        self.values[("slo:period_coverage:ratio", objective)] = 1.0

    async def value(self, expression: str, at: float) -> list[tuple[dict[str, str], float]]:
        del at
        found = re.fullmatch(r'(\S+)\{twin="shop",sloth_slo="(\w+)"\}', expression)
        assert found, f"{expression} does not name the record, the twin and the objective"
        value = self.values.get((found[1], found[2]))
        if isinstance(value, NoAnswerError):
            raise value
        return [] if value is None else [({}, value)]


class Desk:
    """One switch, its Prometheus and the clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = NOW
        self.recorded = Recorded()
        self.annotations: dict[str, str] = {}
        self.phase = "Preparing"
        self.slos = ["availability"]
        self.budgets = Budgets(
            cast("Prometheus", self.recorded),
            {"alice": public_line(ALICE)},
            lambda: datetime.timestamp(self.now),
        )
        monkeypatch.setattr(module, "INTERVAL", 0.0)

    def switch(self) -> Switch:
        spec: dict[str, Any] = {
            "release": RELEASE,
            "live": "green",
            "gateway": {"name": "edge", "namespace": "edge"},
            "colours": {"blue": {"namespace": "b"}, "green": {"namespace": "g"}},
            "services": [{"name": "storefront", "hostnames": ["shop.localhost"]}],
            "candidate": {"revision": "c" * 40, "digests": DIGESTS},
            "errorBudget": {
                "slos": [
                    {"name": name, "objective": 0.99, "windowSeconds": 3600} for name in self.slos
                ]
            },
        }
        meta = {"name": "shop", "namespace": "shop", "uid": "u1", "annotations": self.annotations}
        return Switch.read({"metadata": meta, "spec": spec, "status": {"phase": self.phase}})

    async def look(self) -> Allowance | Unknown | None:
        """What is allowed, once the poll that a look begins has been taken in by the next."""
        self.budgets.look(self.switch())
        for _ in range(20):
            await asyncio.sleep(0)
        return self.budgets.look(self.switch())

    def sign(self, **changes: object) -> None:
        fields: dict[str, Any] = {
            "twin": "shop",
            "release": RELEASE,
            "digests": DIGESTS,
            "reason": "the fix for the outage",
            "now": self.now,
            "lifetime": timedelta(hours=2),
            "key": ALICE,
        }
        fields.update(changes)
        self.annotations[OVERRIDE] = issue(**fields)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


async def allowed(desk: Desk) -> Allowance:
    found = await desk.look()
    assert isinstance(found, Allowance), found
    return found


async def test_what_is_left_sets_the_pace(desk: Desk) -> None:
    desk.recorded.counts("availability", 750, 100_000)
    found = await allowed(desk)
    assert found.remaining == pytest.approx(0.25)
    assert found.max_step == pytest.approx(50)
    assert found.dwell_factor == pytest.approx(2)
    assert not found.frozen


async def test_the_scarcest_objective_is_the_one_that_counts(desk: Desk) -> None:
    desk.slos = ["availability", "latency"]
    desk.recorded.counts("availability", 0, 100_000)
    desk.recorded.counts("latency", 2000, 100_000)
    found = await allowed(desk)
    assert found.frozen
    assert found.remaining == pytest.approx(-1)
    assert "latency: the error budget is spent" in found.reason
    assert "switchyard override" in found.reason, "the way out is told with the refusal"


@pytest.mark.parametrize(
    ("bad", "total", "told"),
    [
        (None, None, "no count of total and bad"),
        (0.0, None, "no count of total"),
        (float("nan"), 100.0, "is no count"),
        (200.0, 100.0, "more than all"),
        (NoAnswerError("Prometheus does not answer"), 1.0, "does not answer"),
    ],
)
async def test_no_data_and_nonsense_hold(desk: Desk, bad: Answer, total: Answer, told: str) -> None:
    desk.recorded.counts("availability", bad, total)
    found = await desk.look()
    assert isinstance(found, Unknown), "no data is not a pass"
    assert told in found.reason


async def test_before_the_first_answer_nothing_is_known(desk: Desk) -> None:
    desk.recorded.counts("availability", 0, 100_000)
    assert isinstance(desk.budgets.look(desk.switch()), Unknown)


async def test_a_switch_at_rest_or_without_objectives_is_not_asked_about(desk: Desk) -> None:
    desk.slos = []
    assert await desk.look() is None
    desk.slos, desk.phase = ["availability"], "Settled"
    assert await desk.look() is None


async def test_a_signed_override_lifts_a_freeze_and_is_told(desk: Desk) -> None:
    desk.recorded.counts("availability", 2000, 100_000)
    desk.sign()
    found = await allowed(desk)
    assert not found.frozen
    assert found.max_step is None
    assert found.override is not None
    assert found.override.startswith("alice until 2026-11-23T14:00:00")
    assert found.override.endswith("the fix for the outage")
    assert found.remaining == pytest.approx(-1), "what is recorded is not embellished"


async def test_a_signed_override_lifts_a_hold_for_want_of_data(desk: Desk) -> None:
    desk.recorded.counts("availability", None, None)
    desk.sign()
    assert not (await allowed(desk)).frozen


async def test_an_override_ends_when_it_says_and_the_freeze_is_back(desk: Desk) -> None:
    desk.recorded.counts("availability", 2000, 100_000)
    desk.sign()
    assert not (await allowed(desk)).frozen
    desk.now += timedelta(hours=2)
    after = await allowed(desk)
    assert after.frozen
    assert "it ended at 2026-11-23T14:00:00Z" in after.reason


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"release": "b10e000000000001"}, "signed for release b10e000000000001"),
        ({"twin": "tea"}, "signed for twin tea"),
        ({"digests": {"storefront": "sha256:" + "9" * 64}}, "signed for other images"),
        ({"key": Ed25519PrivateKey.from_private_bytes(bytes(32))}, "no trusted key"),
    ],
)
async def test_an_override_for_something_else_or_by_another_is_refused_with_the_reason(
    desk: Desk, changes: dict[str, Any], told: str
) -> None:
    desk.recorded.counts("availability", 2000, 100_000)
    desk.sign(**changes)
    found = await allowed(desk)
    assert found.frozen
    assert "the override is refused: " in found.reason
    assert told in found.reason


async def test_a_scribble_in_the_annotation_frees_nothing(desk: Desk) -> None:
    desk.recorded.counts("availability", 2000, 100_000)
    desk.annotations[OVERRIDE] = "let me through"
    found = await allowed(desk)
    assert found.frozen
    assert "cannot be read" in found.reason


async def test_an_override_that_nobody_needs_is_not_claimed(desk: Desk) -> None:
    desk.recorded.counts("availability", 0, 100_000)
    desk.sign()
    first = desk.budgets.look(desk.switch())
    assert isinstance(first, Unknown), "before Prometheus has said anything there is no need"
    assert (await allowed(desk)).override is None, "the history would tell of one that did nothing"


def test_the_keys_are_read_from_the_deployments_json() -> None:
    line = public_line(ALICE)
    assert trusted_keys(f'{{"alice": "{line}"}}') == {"alice": line}
    assert trusted_keys(None) == {}
    with pytest.raises(ValueError, match="no JSON object"):
        trusted_keys("[]")
