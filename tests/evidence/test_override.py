"""Signed overrides: what lets a release pass an exhausted budget, and everything that does not."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from hypothesis import given
from hypothesis import strategies as st

from evidence import dsse
from evidence.override import (
    LONGEST,
    PREDICATE,
    STATEMENT,
    Override,
    OverrideRefused,
    issue,
    verify,
)

pytestmark = pytest.mark.pure

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RELEASE = "93ee000000000002"
DIGESTS = {"storefront": "sha256:" + "3" * 64, "orders": "sha256:" + "2" * 64}
ALICE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MALLORY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
TRUSTED = {"alice": dsse.public_line(ALICE)}


def issued(**changes: object) -> str:
    fields: dict[str, Any] = {
        "twin": "shop",
        "release": RELEASE,
        "digests": DIGESTS,
        "reason": "the fix for the outage",
        "now": NOW,
        "lifetime": timedelta(hours=2),
        "key": ALICE,
    }
    fields.update(changes)
    return issue(**fields)


def checked(text: str, **changes: object) -> Override:
    fields: dict[str, Any] = {
        "twin": "shop",
        "release": RELEASE,
        "digests": DIGESTS,
        "trusted": TRUSTED,
        "now": NOW,
    }
    fields.update(changes)
    return verify(text, **fields)


def payload(text: str) -> dict[str, Any]:
    return json.loads(base64.b64decode(json.loads(text)["payload"]))


def resigned(statement: object, key: Ed25519PrivateKey = ALICE) -> str:
    return dsse.sign(json.dumps(statement).encode(), key)


def test_an_override_that_a_trusted_key_signed_for_this_release_holds() -> None:
    found = checked(issued())
    assert found == Override(
        twin="shop",
        release=RELEASE,
        reason="the fix for the outage",
        issued_at=NOW,
        expires_at=NOW + timedelta(hours=2),
        signer="alice",
    )
    assert str(found) == "alice until 2026-11-23T14:00:00Z: the fix for the outage"


def test_it_is_an_in_toto_statement_in_a_dsse_envelope_that_others_can_check() -> None:
    text = issued()
    envelope = json.loads(text)
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    body = base64.b64decode(envelope["payload"])
    statement = json.loads(body)
    assert (statement["_type"], statement["predicateType"]) == (STATEMENT, PREDICATE)
    assert statement["subject"] == [
        {"name": "orders", "digest": {"sha256": "2" * 64}},
        {"name": "storefront", "digest": {"sha256": "3" * 64}},
    ]
    # by the specification alone, without our code
    encoded = b"DSSEv1 28 application/vnd.in-toto+json %d %b" % (len(body), body)
    (signature,) = envelope["signatures"]
    raw = base64.b64decode(TRUSTED["alice"].removeprefix("ed25519:"))
    Ed25519PublicKey.from_public_bytes(raw).verify(base64.b64decode(signature["sig"]), encoded)


def test_the_encoding_is_that_of_the_specifications_example() -> None:
    # secure-systems-lab/dsse, protocol.md: "Test vectors"
    assert dsse.pre_authentication_encoding("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"release": "b10e000000000001"}, "signed for release 93ee000000000002"),
        ({"twin": "tea"}, "signed for twin shop"),
        ({"digests": {**DIGESTS, "orders": "sha256:" + "9" * 64}}, "signed for other images"),
        ({"digests": {"orders": DIGESTS["orders"]}}, "signed for other images"),
        ({"trusted": {"mallory": dsse.public_line(MALLORY)}}, "no trusted key"),
        ({"trusted": {}}, "trusted: nobody"),
        ({"now": NOW + timedelta(hours=2)}, "it ended at 2026-11-23T14:00:00Z"),
        ({"now": NOW + timedelta(days=30)}, "it ended at"),
        ({"now": NOW - timedelta(minutes=3)}, "still to come"),
        ({"trusted": {"alice": "ssh-ed25519 AAAA"}}, "is no public key"),
    ],
)
def test_it_is_refused_elsewhere_by_others_and_at_other_times(
    changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(OverrideRefused) as caught:
        checked(issued(), **changes)
    assert told in str(caught.value)


def test_a_clock_that_runs_a_little_ahead_is_forgiven() -> None:
    assert checked(issued(), now=NOW - timedelta(minutes=1))


def test_it_holds_until_the_very_end_and_not_after() -> None:
    assert checked(issued(), now=NOW + timedelta(hours=2) - timedelta(microseconds=1))
    with pytest.raises(OverrideRefused):
        checked(issued(), now=NOW + timedelta(hours=2))


@pytest.mark.parametrize("reason", ["", "   ", "\n\t", "x" * 501, "bell\x07"])
def test_without_a_usable_reason_none_is_issued(reason: str) -> None:
    with pytest.raises(OverrideRefused, match="reason"):
        issued(reason=reason)


@pytest.mark.parametrize(
    "lifetime", [timedelta(0), timedelta(hours=-1), LONGEST + timedelta(seconds=1)]
)
def test_none_is_issued_for_no_time_or_for_too_long(lifetime: timedelta) -> None:
    with pytest.raises(OverrideRefused, match="at most 24 hours"):
        issued(lifetime=lifetime)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("reason", "", "gives no reason"),
        ("reason", None, "gives no reason"),
        ("expiresAt", "2030-01-01T00:00:00Z", "at most 24 hours"),
        ("expiresAt", "never", "its expiresAt is 'never'"),
        ("expiresAt", None, "its expiresAt is None"),
        ("expiresAt", "2026-11-23T14:00:00", "its expiresAt"),
        ("issuedAt", 5, "its issuedAt is 5"),
        ("release", None, "signed for release None"),
        ("twin", ["shop"], "signed for twin ['shop']"),
    ],
)
def test_what_a_trusted_key_signed_carelessly_is_refused_as_well(
    key: str, value: object, told: str
) -> None:
    statement = payload(issued())
    statement["predicate"][key] = value
    with pytest.raises(OverrideRefused) as caught:
        checked(resigned(statement))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "statement",
    [
        [],
        {},
        {**payload(issued()), "predicateType": "https://slsa.dev/provenance/v1"},
        {**payload(issued()), "_type": "https://in-toto.io/Statement/v0.1"},
        {**payload(issued()), "predicate": None},
        {**payload(issued()), "subject": "everything"},
    ],
)
def test_another_statement_of_a_trusted_key_is_no_override(statement: object) -> None:
    with pytest.raises(OverrideRefused, match="is no override"):
        checked(resigned(statement))


def test_a_statement_that_was_changed_after_it_was_signed_is_refused() -> None:
    envelope = json.loads(issued())
    statement = payload(issued())
    statement["predicate"]["expiresAt"] = "2026-11-24T11:59:00Z"
    envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    with pytest.raises(OverrideRefused, match="has been changed"):
        checked(json.dumps(envelope))


def test_the_hint_in_the_envelope_convinces_nobody() -> None:
    envelope = json.loads(issued(key=MALLORY))
    envelope["signatures"][0]["keyid"] = dsse.key_id(TRUSTED["alice"])
    with pytest.raises(OverrideRefused, match="no trusted key"):
        checked(json.dumps(envelope))


def test_one_good_signature_among_several_is_enough() -> None:
    envelope = json.loads(issued())
    foreign = json.loads(issued(key=MALLORY))["signatures"]
    envelope["signatures"] = foreign + envelope["signatures"]
    assert checked(json.dumps(envelope)).signer == "alice"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "{",
        "[]",
        "{}",
        '{"payloadType":"text/plain"}',
        '{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[]}',
        '{"payloadType":"application/vnd.in-toto+json","payload":7,"signatures":[{"sig":"e30="}]}',
        '{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"sig":7}]}',
        '{"payloadType":"application/vnd.in-toto+json","payload":"*","signatures":[{"sig":"*"}]}',
        "[" * 5000,
        "x" * 20_000,
    ],
)
def test_what_is_no_envelope_is_refused_and_never_a_traceback(text: str) -> None:
    with pytest.raises(OverrideRefused, match="cannot be read"):
        checked(text)


@given(st.text(max_size=300))
def test_no_text_at_all_lets_a_release_pass(text: str) -> None:
    with pytest.raises(OverrideRefused):
        checked(text)


@given(st.integers(min_value=0), st.integers(1, 255))
def test_no_single_changed_byte_of_a_signed_statement_goes_unnoticed(
    position: int, change: int
) -> None:
    envelope = json.loads(issued())
    body = bytearray(base64.b64decode(envelope["payload"]))
    body[position % len(body)] ^= change
    envelope["payload"] = base64.b64encode(bytes(body)).decode()
    with pytest.raises(OverrideRefused, match="no trusted key"):
        checked(json.dumps(envelope))


def test_a_release_without_images_cannot_be_vouched_for() -> None:
    with pytest.raises(OverrideRefused, match="names no image"):
        issued(digests={})
