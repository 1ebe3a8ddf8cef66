"""A signed override: somebody with a trusted key lets one release pass an exhausted error budget.

An in-toto statement (v1) in a DSSE envelope. Its subjects are the candidate's images by digest; its
predicate names the twin, the release, the reason and when it ends. It is kept on the TrafficSwitch,
where whoever may write can put one, so nothing in it counts before `verify` has: it is good for one
release of one twin with exactly these digests, from a trusted key, with a reason, for a limited
time. It lifts what the budget says, and nothing that the judge says.

Pure and offline: `cli` issues, `controller` verifies.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from evidence import dsse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ANNOTATION = "switchyard.dev/override"
"""Where a TrafficSwitch carries it."""

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://switchyard.dev/override/v1"

LONGEST = timedelta(hours=24)
"""The longest time that an override may hold: a day. What must hold longer is another objective."""

SKEW = timedelta(minutes=2)
"""How far ahead the signer's clock may be: 2 minutes, more than any synchronised one is."""

_LONGEST_REASON = 500
"""Characters of a reason: it stands in one line of a status."""

_DIGEST = "sha256:"


class OverrideRefused(dsse.EnvelopeRefused):
    """An override that does not hold here and now; `value`, `consequence` and `fix` say why."""


@dataclass(frozen=True, slots=True)
class Override:
    """An override that holds.

    Attributes:
        twin: name of the twin.
        release: the one release that it is good for.
        reason: why, as its signer wrote it.
        issued_at: when it was signed.
        expires_at: when it ends.
        signer: name of the trusted key.
    """

    twin: str
    release: str
    reason: str
    issued_at: datetime
    expires_at: datetime
    signer: str

    def __str__(self) -> str:
        return f"{self.signer} until {_moment(self.expires_at)}: {self.reason}"


def issue(  # noqa: PLR0913 - what a statement is made of
    *,
    twin: str,
    release: str,
    digests: Mapping[str, str],
    reason: str,
    now: datetime,
    lifetime: timedelta,
    key: Ed25519PrivateKey,
) -> str:
    """A signed override, as the text to keep on the TrafficSwitch.

    Args:
        twin: name of the twin.
        release: identity of the release.
        digests: image digest by name of the workload, as the candidate has them.
        reason: why; told in the release's history.
        now: aware of its time zone.
        lifetime: from now on, at most `LONGEST`.
        key: who signs.

    Raises:
        OverrideRefused: `verify` would refuse it.
    """
    reason = _reason(reason)
    _lifetime(lifetime)
    if not digests:
        raise OverrideRefused(
            f"release {release} names no image", "it would be signed blindly", "name the release"
        )
    statement = {
        "_type": STATEMENT,
        "subject": _subject(digests),
        "predicateType": PREDICATE,
        "predicate": {
            "twin": twin,
            "release": release,
            "reason": reason,
            "issuedAt": _moment(now),
            "expiresAt": _moment(now + lifetime),
        },
    }
    return dsse.sign(json.dumps(statement, separators=(",", ":"), sort_keys=True).encode(), key)


def verify(  # noqa: PLR0913 - what it is held against
    text: str,
    *,
    twin: str,
    release: str,
    digests: Mapping[str, str],
    trusted: Mapping[str, str],
    now: datetime,
) -> Override:
    """The override, if it holds for this release now.

    Args:
        text: what the TrafficSwitch carries.
        twin: name of the twin.
        release: identity of the release that wants to pass.
        digests: image digest by name of the workload, as that release's candidate has them.
        trusted: name to public key (`ed25519:…`), from the settings.
        now: aware of its time zone.

    Raises:
        OverrideRefused: it does not hold, with the reason.
    """
    try:
        payload, signer = dsse.verify(text, trusted)
    except dsse.EnvelopeRefused as error:
        raise OverrideRefused(error.value, error.consequence, error.fix) from None
    subject, predicate = _statement(payload)
    _same("twin", predicate.get("twin"), twin)
    _same("release", predicate.get("release"), release)
    if subject != _subject(digests):
        raise OverrideRefused(
            "it was signed for other images",
            "content that nobody vouched for would pass",
            "sign again for the candidate as it is",
        )
    issued, expires = (_read_moment(predicate, key) for key in ("issuedAt", "expiresAt"))
    reason = _reason(predicate.get("reason"))
    _lifetime(expires - issued)
    if issued > now + SKEW:
        raise OverrideRefused(
            f"it was signed at {_moment(issued)}, which is still to come",
            "its time could not be told",
            "set the signer's clock, and sign again",
        )
    if now >= expires:
        raise OverrideRefused(
            f"it ended at {_moment(expires)}",
            "nobody vouches for the release any more",
            "sign again, if it must still pass",
        )
    return Override(twin, release, reason, issued, expires, signer)


def _statement(payload: bytes) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Subject and predicate of a statement whose signature has been checked."""
    try:
        document: object = json.loads(payload)
    except (ValueError, RecursionError):
        document = None
    fields = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    subject, predicate = fields.get("subject"), fields.get("predicate")
    if (
        fields.get("_type") != STATEMENT
        or fields.get("predicateType") != PREDICATE
        or not isinstance(subject, list)
        or not isinstance(predicate, dict)
    ):
        raise OverrideRefused(
            "what was signed is no override",
            "a statement about something else would let the release pass",
            "sign one with `switchyard override`",
        )
    return cast("list[dict[str, Any]]", subject), cast("dict[str, Any]", predicate)


def _subject(digests: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"name": name, "digest": {"sha256": digest.removeprefix(_DIGEST)}}
        for name, digest in sorted(digests.items())
    ]


def _same(what: str, signed: object, wanted: str) -> None:
    if signed != wanted:
        raise OverrideRefused(
            f"it was signed for {what} {signed}, and this is {wanted}",
            "one signature would let everything pass",
            f"sign one for {what} {wanted}",
        )


def _reason(text: object) -> str:
    """The reason on one line."""
    reason = " ".join(text.split()) if isinstance(text, str) else ""
    if not reason or not reason.isprintable():
        raise OverrideRefused(
            "it gives no reason",
            "nobody could tell later why the budget was overspent",
            "say why, in one sentence",
        )
    if len(reason) > _LONGEST_REASON:
        raise OverrideRefused(
            f"its reason has {len(reason)} characters",
            "it would not fit a line of the history",
            f"say it in {_LONGEST_REASON}",
        )
    return reason


def _lifetime(length: timedelta) -> None:
    if not timedelta(0) < length <= LONGEST:
        raise OverrideRefused(
            f"it would hold for {length}",
            "an exception that stays is a rule that nobody agreed on",
            f"let it hold for at most {LONGEST.total_seconds() / 3600:g} hours",
        )


def _moment(at: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_moment(predicate: dict[str, Any], key: str) -> datetime:
    text = predicate.get(key)
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise OverrideRefused(
            f"its {key} is {text!r}", "when it ends is not known", "sign one anew"
        )
    return at
