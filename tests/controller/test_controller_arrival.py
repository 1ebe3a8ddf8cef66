"""Whether a share has arrived: proven by enough answers, and by no wrong share."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.arrival import Arrival, Movement, Tally
from controller.phases import Colour
from controller.sight import Shown

pytestmark = pytest.mark.pure

SHARES = [0.0, 0.01, 0.05, 0.25, 0.5, 1.0]
KEY = ("envoy-0", "shop")


def answers_until_proven(movement: Movement, share: float, most: int, seed: int) -> int | None:
    """How many random answers of a share it takes to take it for the wanted one."""
    rng, tally = random.Random(seed), Tally()  # noqa: S311 - a seeded simulation
    for count in range(most):
        tally = tally.after(1, int(rng.random() < share), movement)
        if tally.proves(movement):
            return count + 1
    return None


def shown(candidate: int, other: int, none: int = 0) -> Shown:
    counts: dict[Colour | None, int] = {Colour.GREEN: candidate, Colour.BLUE: other, None: none}
    return Shown({}, {KEY: {colour: n for colour, n in counts.items() if n}})


@pytest.mark.parametrize(("former", "wanted"), [(0, 0.01), (0.01, 0.05), (0.05, 0.25), (0.25, 0.5),
                                                (0.5, 1), (0.01, 0), (0.5, 0), (1, 0)])  # fmt: skip
def test_a_share_that_has_arrived_is_proven_soon(former: float, wanted: float) -> None:
    movement = Movement(Colour.GREEN, former, wanted)
    took = [answers_until_proven(movement, wanted, 3000, seed) for seed in range(50)]
    assert all(took), "what is there must be seen"
    assert max(filter(None, took)) <= 1200, "within some seconds of asking"


@pytest.mark.parametrize(("former", "wanted"), [(0.01, 0.05), (0.05, 0.25), (0.25, 0.5),
                                                (0.5, 1), (0.05, 0), (0.5, 0)])  # fmt: skip
def test_the_former_share_is_hardly_ever_taken_for_the_new_one(
    former: float, wanted: float
) -> None:
    movement = Movement(Colour.GREEN, former, wanted)
    wrong = sum(
        answers_until_proven(movement, former, 200, seed) is not None for seed in range(200)
    )
    assert wrong <= 4, "200 x 200 answers, at most 1 in 10,000 of them: 4"


@given(st.sampled_from(SHARES), st.sampled_from(SHARES), st.floats(0.6, 0.95))
@settings(max_examples=30, deadline=None)
def test_a_third_share_is_no_proof(former: float, wanted: float, third: float) -> None:
    movement = Movement(Colour.GREEN, former, wanted)
    if former == wanted or abs(third - wanted) < 0.2:
        return
    arrival = Arrival(movement)
    for _ in range(20):
        arrival = arrival.after(shown(round(64 * third), 64 - round(64 * third)))
    assert not arrival.proven()


def test_one_late_answer_of_the_former_share_does_not_spoil_the_proof_for_ever() -> None:
    arrival = Arrival(Movement(Colour.GREEN, 0.5, 1.0))
    for _ in range(3):
        arrival = arrival.after(shown(32, 0))
    assert not arrival.after(shown(30, 2)).proven(), "a worker of the proxy lags behind"
    assert arrival.after(shown(30, 2)).after(shown(32, 0)).proven(), "and has caught up"


def test_an_error_of_the_gateway_begins_the_proof_anew() -> None:
    arrival = Arrival(Movement(Colour.GREEN, 0.5, 1.0)).after(shown(32, 0))
    assert arrival.proven()
    assert not arrival.after(shown(32, 0, none=1)).proven()


def test_a_gateway_pod_that_was_not_asked_is_no_part_of_the_proof() -> None:
    arrival = Arrival(Movement(Colour.GREEN, 0.5, 1.0)).after(shown(32, 0))
    assert not arrival.after(Shown({}, {})).proven(), "nobody asked proves nothing"
    both = Shown({}, {KEY: {Colour.GREEN: 32}, ("envoy-1", "shop"): {Colour.BLUE: 32}})
    later = arrival.after(both)
    assert not later.proven()
    assert later.doubts() == ["shop on envoy-1 shows 0 of 0 from green"]


def test_two_answers_are_too_few_even_for_all_or_nothing() -> None:
    assert not Arrival(Movement(Colour.GREEN, 0.0, 1.0)).after(shown(2, 0)).proven()
    assert Arrival(Movement(Colour.GREEN, 0.0, 1.0)).after(shown(3, 0)).proven()
