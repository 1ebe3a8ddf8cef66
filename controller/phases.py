"""The words of a release: its phases, its endings, and why a step was taken.

Deliberately without behaviour: `decide` gives these words their meaning.
"""

from enum import StrEnum


class Colour(StrEnum):
    """The two sides of a twin."""

    BLUE = "blue"
    GREEN = "green"

    @property
    def other(self) -> "Colour":
        """The side that is not this one."""
        return Colour.GREEN if self is Colour.BLUE else Colour.BLUE


class Phase(StrEnum):
    """Where a release is."""

    PENDING = "Pending"
    """The goal is recorded; nothing has been looked at yet."""
    PREPARING = "Preparing"
    """Waiting for the candidate's workloads, digests and endpoints."""
    PROBING = "Probing"
    """Waiting for the candidate to answer through every gateway pod's preview route."""
    RAMPING = "Ramping"
    """The candidate has a share of the traffic, which the judge watches."""
    SHIFTING = "Shifting"
    """The evidence is complete; the weights of all services are being written."""
    CONFIRMING = "Confirming"
    """The weights are written; waiting until every gateway pod is seen to serve the candidate."""
    SETTLED = "Settled"
    """The goal serves, seen in the data plane; the former colour stays warm."""
    ROLLING_BACK = "RollingBack"
    """The weights go back; waiting until every gateway pod is seen to serve the former colour."""
    REJECTED = "Rejected"
    """The goal was refused; the colour that served before serves."""


MOVED = frozenset({Phase.RAMPING, Phase.SHIFTING, Phase.CONFIRMING})
"""Phases in which the candidate may be receiving production traffic before it has been proven."""

WAITING = frozenset({Phase.PENDING, Phase.PREPARING, Phase.PROBING})
"""Phases in which production is still untouched."""

ENDED = frozenset({Phase.SETTLED, Phase.REJECTED})
"""Phases in which nothing is under way."""


class Outcome(StrEnum):
    """How a release ended."""

    PROMOTED = "promoted"
    """The candidate serves."""
    ROLLED_BACK = "rolledBack"
    """Traffic had moved and was moved back."""
    REJECTED = "rejected"
    """Refused before any traffic moved."""
    ABORTED = "aborted"
    """Somebody said abort."""


class Because(StrEnum):
    """Why a decision was taken; reason of events and label of metrics, so few and stable."""

    BEGUN = "Begun"
    """A new goal was taken up."""
    ALREADY_SO = "AlreadySo"
    """The goal asks for what already serves."""
    CANDIDATE_NOT_READY = "CandidateNotReady"
    """Workloads, digests or endpoints of the candidate are not as asked for."""
    CANDIDATE_READY = "CandidateReady"
    """Workloads, digests and endpoints of the candidate are as asked for."""
    PREVIEW_SILENT = "PreviewSilent"
    """The preview route does not answer with the candidate through every gateway pod."""
    NO_DATA = "NoData"
    """Something needed could not be read: hold, for missing data is never a pass."""
    GATE_HOLDS = "GateHolds"
    """A gate's verdict is missing or says hold."""
    GATE_FAILED = "GateFailed"
    """A gate's verdict says fail."""
    EVIDENCE_COMPLETE = "EvidenceComplete"
    """Everything asked for is there: the weights may move."""
    STEP = "RampStep"
    """The candidate gets its next share of the traffic."""
    JUDGING = "Judging"
    """The share is held, while evidence is gathered."""
    JUDGE_FAILED = "JudgeFailed"
    """The judge found the candidate worse than what serves."""
    POWERLESS = "LowTraffic"
    """The evidence could not have shown a regression that matters: hold."""
    BUDGET = "ErrorBudget"
    """The remaining error budget allows no more: hold."""
    MOVING = "Moving"
    """Weights are being written."""
    WRITTEN = "WeightsWritten"
    """All weights are written."""
    NOT_YET_SEEN = "NotYetSeen"
    """Not every gateway pod serves the colour that was written."""
    PROMOTED = "Promoted"
    """Every gateway pod was seen to serve the candidate."""
    TIMED_OUT = "HealthTimeout"
    """The candidate did not become healthy in time."""
    NEVER_SEEN = "ConfirmTimeout"
    """The weights were written but the data plane did not show them in time."""
    CANDIDATE_LOST = "CandidateLost"
    """The candidate lost its endpoints while traffic was on it."""
    ABORTED = "Aborted"
    """Somebody said abort."""
    SUPERSEDED = "Superseded"
    """Another goal came before this one had ended."""
    ROLLED_BACK = "RolledBack"
    """Every gateway pod was seen to serve the former colour again."""
    FORMER_LOST = "FormerLost"
    """The former colour has no endpoints: going back would be an outage, so hold."""
    IMMUTABLE = "ServingImmutable"
    """The goal would change the content of the serving colour."""
    REMEMBERED = "RejectedBefore"
    """These digests were rejected before and nobody asked for a retry."""
    RETRIED = "Retried"
    """Somebody asked to try rejected digests again."""
    IGNORED = "CommandIgnored"
    """A command names a release that it cannot act on."""
    INVALID = "InvalidSpec"
    """The spec does not make sense."""
    STEADY = "Steady"
    """Nothing to do."""
    DRIFT_REPAIRED = "DriftRepaired"
    """Routes were not as they ought to be and are written again."""
