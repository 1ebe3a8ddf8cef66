"""Train the recommender's model: a taste map learned from scikit-learn's wine data set.

Neighbourhood components analysis (Goldberger et al., NIPS 2004) learns the linear map of
the 13 measurements to two dimensions in which wines of one cultivar lie close together.
It is fitted on 118 wines; its quality is measured on the other 60, against the plain
standardised measurements, and recorded in the model.

Bakes on different machines must give the same bytes, and a BLAS picks its kernels by the
processor. So the kernels and threads are pinned, figures are rounded, and what is written
is the committed reference whenever the training just done agrees with it; when it does not,
the training fails, unless --accept makes its result the new reference.

It does not tune: dimensions, seed and split are constants, so the held-out wines stay held out.
"""

# ruff: noqa: INP001, E402 - a script among Go code; the libraries are pinned before they load
# pyright: basic - scikit-learn is untyped

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

# Read by the numeric libraries when they are loaded, hence before their import.
os.environ["OPENBLAS_CORETYPE"] = "Nehalem"  # every 64-bit PC has its instructions
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.neighbors import (
    KNeighborsClassifier,
    NearestNeighbors,
    NeighborhoodComponentsAnalysis,
)
from sklearn.preprocessing import StandardScaler

REFERENCE = Path(__file__).parent / "reference" / "model.json"
SEED = 7
DIMENSIONS = 2
HELD_OUT = 60
NEIGHBOURS = 5
RECOMMENDED = 3
DECIMALS = 6
LEAST_ACCURACY = 0.93
"""Share of held-out wines whose cultivar five neighbours must name; plain measurements: 0.95."""
TOLERANCE = 1e-3
"""Greatest difference of any figure from the reference that still counts as the same model."""


class ModelError(Exception):
    """The training gave a model that must not ship."""


def train() -> dict[str, Any]:
    """Fit the map and give the model as plain data, quality included."""
    data = load_wine()
    fitted, held = train_test_split(
        np.arange(len(data.target)),
        test_size=HELD_OUT,
        random_state=SEED,
        stratify=data.target,
    )
    scaler = StandardScaler().fit(data.data[fitted])
    plain = scaler.transform(data.data)
    learner = NeighborhoodComponentsAnalysis(
        n_components=DIMENSIONS, init="pca", max_iter=100, random_state=SEED
    )
    learner.fit(plain[fitted], data.target[fitted])
    learned = learner.transform(plain)
    return {
        "format": 1,
        "data": "sklearn.datasets.load_wine (UCI Wine, 178 wines of three cultivars)",
        "method": "standardise, then neighbourhood components analysis",
        "seed": SEED,
        "dimensions": DIMENSIONS,
        "quality": {
            "held_out_wines": HELD_OUT,
            "learned": _quality(learned, data.target, fitted, held),
            "plain_measurements": _quality(plain, data.target, fitted, held),
        },
        "measurements": list(data.feature_names),
        "mean": _rounded(scaler.mean_),
        "scale": _rounded(scaler.scale_),
        "transform": [_rounded(row) for row in learner.components_],
        "wines": [
            {"id": number, "measured": _rounded(row)}
            for number, row in enumerate(data.data, start=1)
        ],
    }


def _quality(
    places: np.ndarray, cultivars: np.ndarray, fitted: np.ndarray, held: np.ndarray
) -> dict[str, float]:
    """Judge one space by the held-out wines: cultivar by neighbours, and recommendations alike."""
    classifier = KNeighborsClassifier(NEIGHBOURS).fit(places[fitted], cultivars[fitted])
    nearest = NearestNeighbors(n_neighbors=RECOMMENDED + 1).fit(places)
    similar = nearest.kneighbors(places[held], return_distance=False)[:, 1:]
    alike = cultivars[similar] == cultivars[held][:, None]
    return {
        "cultivar_accuracy": round(float(classifier.score(places[held], cultivars[held])), 4),
        "same_cultivar_recommended": round(float(alike.mean()), 4),
    }


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), DECIMALS) for value in values]


def check_quality(model: dict[str, Any]) -> None:
    """Refuse a model that knows held-out wines less well than the bar."""
    accuracy = model["quality"]["learned"]["cultivar_accuracy"]
    if accuracy < LEAST_ACCURACY:
        raise ModelError(
            f"held-out accuracy is {accuracy}, below {LEAST_ACCURACY}: such a model recommends "
            "poorly, so nothing was written; look at what changed in train.py or scikit-learn"
        )


def check_agreement(model: object, reference: object, where: str = "model") -> None:
    """Refuse a model that differs from the reference by more than the tolerance, naming where."""
    if isinstance(model, dict) and isinstance(reference, dict) and model.keys() == reference.keys():
        for key, value in model.items():
            check_agreement(value, reference[key], f"{where}.{key}")
    elif isinstance(model, list) and isinstance(reference, list) and len(model) == len(reference):
        for index, (one, other) in enumerate(zip(model, reference, strict=True)):
            check_agreement(one, other, f"{where}[{index}]")
    elif not _same(model, reference):
        raise ModelError(
            f"{where} is {model!r:.60} and was {reference!r:.60} in {REFERENCE}: other bytes would "
            "ship than the ones reviewed; run train.py --accept and commit if the change is meant"
        )


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= TOLERANCE
    return type(one) is type(other) and one == other


def encoded(model: dict[str, Any]) -> str:
    """Give the file's text: one top-level key a line, one wine a line."""
    lines = [f"{json.dumps(key)}:{_encoded_value(value)}" for key, value in model.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _encoded_value(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict | list):
        return "[\n" + ",\n".join(json.dumps(item, separators=(",", ":")) for item in value) + "]"
    return json.dumps(value, separators=(",", ":"))


def main() -> int:
    """Train, check, write; 1 when the model must not ship."""
    parser = argparse.ArgumentParser(description="Train the recommender's model.")
    parser.add_argument("--out", type=Path, help="where the checked model is written")
    parser.add_argument("--accept", action="store_true", help="make the result the reference")
    options = parser.parse_args()
    model = train()
    try:
        check_quality(model)
        if options.accept:
            REFERENCE.write_text(encoded(model), encoding="utf-8")
        check_agreement(model, json.loads(REFERENCE.read_text(encoding="utf-8")))
    except (ModelError, FileNotFoundError) as error:
        sys.stderr.write(f"train.py: {error}\n")
        return 1
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_bytes(REFERENCE.read_bytes())
    sys.stdout.write(json.dumps(model["quality"]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
