"""Where users of Kayenta reported wrong answers, the peer gives them and the judge does not."""

import itertools

import pytest

from bench.judge.cases import CASES
from judge.session import Session
from judge.verdict import Verdict

pytestmark = pytest.mark.pure

SEEDS = (1, 2)


@pytest.mark.parametrize("name", CASES)
def test_the_peer_gets_the_case_wrong_as_it_was_reported(name: str) -> None:
    case = CASES[name]
    assert case.label() is case.kayenta, f"{case.source}: {case.told}"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", CASES)
def test_the_judge_gets_the_case_right(name: str, seed: int) -> None:
    case = CASES[name]
    session = Session(case.config)
    said = Verdict.HOLD
    for tick in case.ticks(seed):
        said = session.tick(tick).verdict
        if said is Verdict.FAIL:
            break
    assert said is case.right, f"{case.source}: {case.told}"


def test_the_judge_does_not_jump_at_four_errors_that_may_be_chance() -> None:
    case = CASES["sparse"]
    session = Session(case.config)
    first = itertools.islice(case.ticks(1), 360)
    said = {session.tick(tick).verdict for tick in first}
    assert said == {Verdict.HOLD}, "four of four at equal shares come about once in sixteen times"
