"""Service level objectives: OpenSLO files read, Prometheus rules generated. Pure.

    load(paths) -> tuple[Slo, ...]            the SLOs of OpenSLO v1 files
    rules(slos, twin="shop") -> dict          the content of a Prometheus rule file
    rule_file({"shop": slos}) -> str          the rule file of all twins, as YAML

Deliberately not here: asking Prometheus (`cli`, `controller`), and what a budget allows
(`judge.budget`).
"""

from slo.errors import Problem, SloError
from slo.model import BurnAlert, Slo
from slo.reading import load
from slo.rules import rule_file, rules

__all__ = ["BurnAlert", "Problem", "Slo", "SloError", "load", "rule_file", "rules"]
