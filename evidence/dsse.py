"""Signed envelopes: DSSE with Ed25519, offline, against keys that are named in advance.

Specification: https://github.com/secure-systems-lab/dsse (v1.0: the envelope and its
pre-authentication encoding). A public key is written on one line, `ed25519:<base64 of its 32
bytes>`, so that it fits a settings file; a private key is PKCS #8 in PEM.

Deliberately not here: certificates, transparency logs, time stamps. Who may sign is a short list in
the stack's settings, and when is in what was signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

# cryptography is imported where it is used: it costs 40 ms, and a controller that meets no
# override never needs it

PAYLOAD_TYPE = "application/vnd.in-toto+json"
"""What in-toto asks to be written as the envelope's type."""

ALGORITHM = "ed25519"
_KEY_BYTES = 32
_LARGEST = 16 * 1024
"""Characters of an envelope: 16 Ki, many times a statement, and little of an object's 256 Ki."""
_MOST_SIGNATURES = 8


class EnvelopeRefused(ValueError):  # noqa: N818 - named for what happened to it
    """An envelope or a key that cannot be relied on.

    Args:
        value: what was found.
        consequence: what follows from it.
        fix: what to do about it.
    """

    def __init__(self, value: str, consequence: str, fix: str) -> None:
        super().__init__(f"{value}: {consequence}; {fix}")
        self.value = value
        self.consequence = consequence
        self.fix = fix


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """What is signed: type and payload with their lengths, so that neither passes for the other."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def public_line(key: Ed25519PrivateKey) -> str:
    """The public half of a key, as settings hold it."""
    return f"{ALGORITHM}:{_base64(key.public_key().public_bytes_raw())}"


def key_id(line: str) -> str:
    """A name for a public key: the first 16 hex digits of the SHA-256 of its 32 bytes.

    Raises:
        EnvelopeRefused: it is no public key.
    """
    return hashlib.sha256(public_bytes(line)).hexdigest()[:16]


def public_bytes(line: str) -> bytes:
    """The 32 bytes of a public key.

    Raises:
        EnvelopeRefused: it is no public key.
    """
    algorithm, _, text = line.strip().partition(":")
    raw = _decoded(text)
    if algorithm != ALGORITHM or raw is None or len(raw) != _KEY_BYTES:
        raise EnvelopeRefused(
            f"{line!r} is no public key",
            "no signature could be checked with it",
            f"write `{ALGORITHM}:<base64 of 32 bytes>`, as `switchyard override keygen` prints it",
        )
    return raw


def sign(payload: bytes, key: Ed25519PrivateKey) -> str:
    """An envelope with one signature, as compact JSON.

    Args:
        payload: the statement's bytes; they are kept as they are.
        key: who signs.
    """
    signature = key.sign(pre_authentication_encoding(PAYLOAD_TYPE, payload))
    envelope = {
        "payloadType": PAYLOAD_TYPE,
        "payload": _base64(payload),
        "signatures": [{"keyid": key_id(public_line(key)), "sig": _base64(signature)}],
    }
    return json.dumps(envelope, separators=(",", ":"))


def verify(envelope: str, trusted: Mapping[str, str]) -> tuple[bytes, str]:
    """The payload of an envelope that a trusted key has signed, and that key's name.

    The envelope's `keyid` is a hint that nothing vouches for, so every trusted key is tried.

    Args:
        envelope: JSON.
        trusted: name to public key.

    Raises:
        EnvelopeRefused: it cannot be read, or no trusted key has signed it.
    """
    payload, signatures = _opened(envelope)
    signed = pre_authentication_encoding(PAYLOAD_TYPE, payload)
    for name, line in trusted.items():
        raw = public_bytes(line)
        if any(_fits(raw, signature, signed) for signature in signatures):
            return payload, name
    known = ", ".join(sorted(trusted)) or "nobody"
    raise EnvelopeRefused(
        "the signature is of no trusted key, or what was signed has been changed",
        "anybody could have written it",
        f"sign with a key that the stack's trustedKeys name (trusted: {known})",
    )


def _opened(envelope: str) -> tuple[bytes, list[bytes]]:
    """Payload and signatures of an envelope, neither checked yet."""
    try:
        document: object = json.loads(envelope) if len(envelope) <= _LARGEST else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _unreadable("it is no JSON object of a sensible size")
    fields = cast("dict[str, Any]", document)
    if fields.get("payloadType") != PAYLOAD_TYPE:
        raise _unreadable(f"its payloadType is {fields.get('payloadType')!r}")
    payload = _decoded(fields.get("payload"))
    listed = fields.get("signatures")
    entries = cast("list[Any]", listed) if isinstance(listed, list) else []
    found = [
        _decoded(cast("dict[str, Any]", entry).get("sig"))
        for entry in entries
        if isinstance(entry, dict)
    ]
    signatures = [one for one in found if one]
    if payload is None or not signatures or len(entries) > _MOST_SIGNATURES:
        raise _unreadable("its payload or its signatures are missing or too many")
    return payload, signatures


def _unreadable(why: str) -> EnvelopeRefused:
    return EnvelopeRefused(
        f"the envelope cannot be read: {why}",
        "nothing signed is known",
        "write it with `switchyard override`",
    )


def _fits(public: bytes, signature: bytes, signed: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - see above
        Ed25519PublicKey,
    )

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decoded(text: object) -> bytes | None:
    """Bytes of base64, standard or URL-safe as DSSE allows; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return None
