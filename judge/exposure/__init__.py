"""The exposure policy: how fast a release may go, learnt from the releases before it.

Pure and quick to import; what it learns, and what it cannot do, is in docs/exposure.md.
"""

from judge.exposure.belief import Belief
from judge.exposure.features import Features
from judge.exposure.history import HistoryError, Past
from judge.exposure.history import parse as parse_history
from judge.exposure.ladder import Ladder
from judge.exposure.outlook import Prices
from judge.exposure.policy import Policy
from judge.exposure.ramp import Bounds, RampState, Step
from judge.exposure.risk import Contribution, Risk, RiskError, RiskModel

__all__ = [
    "Belief",
    "Bounds",
    "Contribution",
    "Features",
    "HistoryError",
    "Ladder",
    "Past",
    "Policy",
    "Prices",
    "RampState",
    "Risk",
    "RiskError",
    "RiskModel",
    "Step",
    "parse_history",
]
