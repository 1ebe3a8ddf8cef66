"""Write the shop's catalogue, `wines.json`, from scikit-learn's wine data set.

Each of the 178 wines is one row of the data set: its cultivar and its alcohol are the
measured ones (Forina et al., UCI "Wine"; the three cultivars are Barolo, Grignolino and
Barbera). Name and price are invented, as functions of the row alone, so that the file is
the same wherever it is made. It is committed: services and load generator embed it.

    .venv/bin/python examples/shop/catalogue/make_wines.py
"""

# ruff: noqa: INP001 - a script among Go code
# pyright: basic - scikit-learn is untyped

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.datasets import load_wine

if TYPE_CHECKING:
    from collections.abc import Sequence

CULTIVARS = ("Barolo", "Grignolino", "Barbera")
ESTATES = (
    "Cascina Alba",
    "Poderi Bricco",
    "Tenuta Langa",
    "Vigne del Tanaro",
    "Casa Monferrato",
    "Fratelli Rocca",
    "Ca' Verde",
)
CRUS = ("Riserva", "Vigna Alta", "Sori", "Classico", "Superiore")
BASE_PRICE_CENTS = 900
CENTS_PER_PROLINE = 2


def wines() -> list[dict[str, Any]]:
    """Give the catalogue: one entry a row of the data set, ids from 1."""
    data = load_wine()
    rows = zip(data.data, data.target, strict=True)
    return [_wine(number, row, cultivar) for number, (row, cultivar) in enumerate(rows, start=1)]


def _wine(number: int, row: Sequence[float], cultivar: int) -> dict[str, Any]:
    proline = round(float(row[12]))
    price = BASE_PRICE_CENTS + CENTS_PER_PROLINE * proline
    estate = ESTATES[number % len(ESTATES)]
    return {
        "id": number,
        "name": f"{estate} {CULTIVARS[cultivar]} {CRUS[number % len(CRUS)]} No. {number}",
        "cultivar": CULTIVARS[cultivar],
        "alcohol": round(float(row[0]), 2),
        "price_cents": price - price % 10,
    }


def main() -> None:
    """Write the catalogue to the path given, one wine a line."""
    parser = argparse.ArgumentParser(description="Write the shop's catalogue.")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("wines.json"))
    out: Path = parser.parse_args().out
    lines = ",\n".join(json.dumps(wine, separators=(",", ":")) for wine in wines())
    out.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
