"""Bad input of every kind is refused by the real `pulumi preview`, before anything changes."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from engine_answers import Answer, Preview

pytestmark = pytest.mark.engine

Config = dict[str, Any]
Spoil = Callable[[Config], object]


def shop(config: Config) -> dict[str, Any]:
    return config["switchyard:twins"]["shop"]


def refused(answer: Answer) -> str:
    assert answer.code != 0, "bad input must fail the preview"
    assert "Traceback" not in answer.text, "a refusal is for the writer of the file, not for us"
    assert "nothing was changed" in answer.text
    assert "index:Foundation" not in answer.text, "a resource was registered before the refusal"
    return answer.text


def rename(config: Config, key: str, to: str) -> None:
    config[to] = config.pop(key)


def second_twin(config: Config) -> None:
    config["switchyard:twins"]["bakery"] = copy.deepcopy(shop(config))


CASES: dict[str, tuple[Spoil, list[str]]] = {
    "an unknown key": (
        lambda config: shop(config).update(lvie="green"),
        ["switchyard:twins.shop.lvie", "unknown key", "write 'live'"],
    ),
    "an unknown section": (
        lambda config: rename(config, "switchyard:edge", "switchyard:egde"),
        ["switchyard:egde", "write 'edge'", "switchyard:edge: is missing"],
    ),
    "an unknown colour": (
        lambda config: shop(config).update(live="grren"),
        ["switchyard:twins.shop.live", "'grren' is no colour", "write 'green'"],
    ),
    "a tag instead of a digest": (
        lambda config: shop(config)["blue"]["images"].update(orders="10.213.0.1:5000/orders:v1"),
        ["'10.213.0.1:5000/orders:v1' does not end in a digest", "a tag can be moved"],
    ),
    "a branch instead of a commit": (
        lambda config: shop(config)["green"].update(revision="main"),
        ["switchyard:twins.shop.green.revision", "'main' is not a full commit SHA"],
    ),
    "a short commit": (
        lambda config: config["switchyard:git"].update(addonsRevision="0123abc"),
        ["switchyard:git.addonsRevision", "'0123abc' is not a full commit SHA"],
    ),
    "equal hostnames within a twin": (
        lambda config: shop(config)["services"][1].update(hostnames=["shop.localhost"]),
        ["'shop.localhost' is taken by switchyard:twins.shop.services.0 already"],
    ),
    "equal hostnames across twins": (
        second_twin,
        ["'shop.localhost' is taken by", "'orders.localhost' is taken by"],
    ),
    "twins whose namespaces meet": (
        lambda config: config["switchyard:twins"].update(
            {"shop-blue": copy.deepcopy(shop(config))}
        ),
        ["its namespace 'shop-blue' belongs to twin 'shop' already"],
    ),
    "a missing secret": (
        lambda config: config.pop("switchyard:databasePassword"),
        ["the secret is missing", "pulumi config set --secret databasePassword"],
    ),
    "a secret in plain text": (
        lambda config: config.update({"switchyard:databasePassword": "hunter2"}),
        ["is written in plain text"],
    ),
    "an image that was never baked": (
        lambda config: shop(config)["blue"]["images"].update(orders="orders-v9"),
        ["'orders-v9' is not in the image lock", "switchyard bake orders-v9"],
    ),
    "a missing lock": (
        lambda config: config["switchyard:images"].update(lock="nowhere.yaml"),
        ["nowhere.yaml does not exist", "switchyard bake"],
    ),
    "a malformed duration": (
        lambda config: shop(config)["strategy"].update(healthTimeout="five minutes"),
        ["'five minutes' is no duration"],
    ),
    "a negative rollback window": (
        lambda config: shop(config)["strategy"].update(rollbackWindow="-1h"),
        ["'-1h' is negative"],
    ),
    "steps that go back": (
        lambda config: shop(config)["strategy"].update(kind="canary", steps=[5, 1, 100]),
        ["switchyard:twins.shop.strategy.steps", "[5, 1, 100] are no steps"],
    ),
    "a kubeconfig without context": (
        lambda config: config.update({"switchyard:foundation": {"kind": "kubeconfig"}}),
        ["names no context"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_refused_before_anything_changes(
    case: str, config: Config, preview: Preview
) -> None:
    spoil, says = CASES[case]
    spoil(config)
    text = refused(preview(config))
    for part in says:
        assert part in text, f"{part!r} is missing in:\n{text}"
    assert "hunter2" not in text


def test_all_problems_are_told_in_one_preview(config: Config, preview: Preview) -> None:
    shop(config).update(live="red", lvie="green")
    shop(config)["green"].update(revision="main")
    del config["switchyard:databasePassword"]
    text = refused(preview(config))
    assert "has 4 problems" in text


def test_a_twin_written_twice_is_refused(config: Config, preview: Preview) -> None:
    twin = yaml.safe_dump({"shop": shop(config)})
    text = yaml.safe_dump({"config": {**config, "switchyard:twins": None}})
    indented = "".join(f"      {line}\n" for line in twin.splitlines())
    doubled = text.replace("switchyard:twins: null", f"switchyard:twins:\n{indented}{indented}")
    answer = preview(doubled)
    assert answer.code != 0
    assert "already defined" in answer.text or "shop" in answer.text
    assert "index:Foundation" not in answer.text
