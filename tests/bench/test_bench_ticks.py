"""Simulated runs reach the judge as the same counts, as ticks and as lines of JSON."""

import json

import numpy as np
import pytest

from bench.judge import ticks
from bench.judge.scenarios import SCENARIOS
from bench.judge.traffic import Histograms, Ratios
from judge.config import Kind, parse
from judge.observation import Buckets, Counts, Pair, Samples

pytestmark = pytest.mark.pure

TRAFFIC = SCENARIOS["aa-8"].traffic(1, 0, 2)


def test_the_configuration_reads_back_from_its_block() -> None:
    config = ticks.config(SCENARIOS["aa-8"])
    assert parse(ticks.block(config)) == config
    kinds = [one.kind for one in config.indicators]
    assert kinds == [Kind.RATIO] * 4 + [Kind.HISTOGRAM] * 2 + [Kind.GAUGE] * 2


def test_a_tick_holds_what_the_traffic_had_in_that_second() -> None:
    tick = list(ticks.ticks(TRAFFIC, 1))[700]
    assert (tick.t, tick.share) == (701.0, 0.05)
    errors, latency = TRAFFIC.indicators["errors"], TRAFFIC.indicators["latency"]
    assert isinstance(errors, Ratios)
    assert isinstance(latency, Histograms)
    seen = tick.indicators["errors"]
    assert isinstance(seen, Pair)
    assert seen.candidate == Counts(int(errors.bad[1][700, 1]), int(errors.totals[1][700, 1]))
    slow = tick.indicators["latency"]
    assert isinstance(slow, Pair)
    assert isinstance(slow.baseline, Buckets)
    assert slow.baseline.cumulative == tuple(np.cumsum(latency.counts[0][700, 1]).tolist())
    memory = tick.indicators["memory"]
    assert isinstance(memory, Pair)
    assert isinstance(memory.candidate, Samples)


def test_a_line_is_what_the_issue_specifies() -> None:
    tick = next(iter(ticks.ticks(TRAFFIC, 0)))
    line = json.loads(json.dumps(ticks.line(tick)))
    assert set(line) == {"t", "share", "indicators"}
    assert set(line["indicators"]["errors"]["baseline"]) == {"bad", "total"}
    buckets = line["indicators"]["latency"]["candidate"]["buckets"]
    assert list(buckets)[-1] == "+Inf"
    assert "0.1" in buckets
    assert isinstance(line["indicators"]["memory"]["baseline"], list)
