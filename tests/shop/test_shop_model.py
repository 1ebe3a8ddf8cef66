"""The catalogue and the recommender's model: made from the data set, the same every time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure


def train(shop: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, shop / "recommender" / "train.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_training_again_gives_the_committed_bytes(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.json"
    done = train(shop, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == (shop / "recommender/reference/model.json").read_bytes()


def test_the_learned_map_knows_held_out_wines_better_than_the_plain_measurements(
    shop: Path,
) -> None:
    model = json.loads((shop / "recommender/reference/model.json").read_text())
    learned, plain = model["quality"]["learned"], model["quality"]["plain_measurements"]
    assert model["quality"]["held_out_wines"] == 60
    for measure, value in learned.items():
        assert value >= plain[measure], f"{measure}: nothing was gained by learning"


def test_a_model_that_disagrees_with_the_reference_is_not_written(
    shop: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "recommender"
    (copy / "reference").mkdir(parents=True)
    (copy / "train.py").write_text((shop / "recommender/train.py").read_text())
    reference = json.loads((shop / "recommender/reference/model.json").read_text())
    reference["transform"][0][0] += 0.01
    (copy / "reference/model.json").write_text(json.dumps(reference))
    done = train(tmp_path, "--out", str(tmp_path / "model.json"))
    assert done.returncode == 1
    assert "model.transform[0][0]" in done.stderr, "the error must say where they differ"
    assert not (tmp_path / "model.json").exists()


def test_the_catalogue_is_what_its_script_makes(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "wines.json"
    command = [sys.executable, shop / "catalogue" / "make_wines.py", "--out", out]
    subprocess.run(command, check=True)
    assert out.read_bytes() == (shop / "catalogue/wines.json").read_bytes()
