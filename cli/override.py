"""`switchyard override`: let one release pass an exhausted error budget, signed and for a while."""

from __future__ import annotations

import os
import re
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel

from cli import cluster, output
from cli.errors import BadNews, Invalid
from cli.override_state import trusted_keys
from evidence import dsse
from evidence import override as statements

if TYPE_CHECKING:
    from pathlib import Path

    from lightkube import Client

    from cli.views import SwitchView

PASSPHRASE = "SWITCHYARD_KEY_PASSPHRASE"  # noqa: S105 - the variable's name
"""Environment variable: the passphrase of the key file. Never an option: those are seen by all."""

_DURATION = re.compile(r"(\d+h)?(\d+m)?")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyResult(BaseModel):
    """What `override keygen --json` prints."""

    path: str
    public_key: str
    """What the stack's settings are to name."""
    key_id: str
    encrypted: bool


class OverrideResult(BaseModel):
    """What `override --json` prints."""

    twin: str
    release: str
    reason: str
    expires_at: datetime
    signer: str | None
    """Name of the key in the stack's settings; null when they are not here."""
    key_id: str


class WithdrawResult(BaseModel):
    """What `override withdraw --json` prints."""

    twin: str
    withdrawn: bool
    """False when there was none."""


def keygen(path: Path) -> KeyResult:
    """Make a key pair: the private key in a new file that its owner alone can read.

    Raises:
        Invalid: the file exists, or cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    passphrase = os.environ.get(PASSPHRASE)
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
    except OSError as error:
        raise Invalid(
            value=f"key file {path}",
            consequence=f"it cannot be made ({error.strerror}); no key was written",
            fix="name a file that does not exist, in a folder of yours",
        ) from error
    line = dsse.public_line(key)
    return KeyResult(
        path=str(path), public_key=line, key_id=dsse.key_id(line), encrypted=bool(passphrase)
    )


def override(
    client: Client,
    twin: str | None,
    *,
    stack: str,
    reason: str,
    expires: str,
    key_file: Path,
) -> OverrideResult:
    """Sign an override for the release that a switch is asked for, and put it there.

    Raises:
        BadNews: nothing is asked for, or the controller would refuse the signature.
        Invalid: the duration, the reason or the key file cannot be used.
    """
    key = load_key(key_file)
    lifetime = _lifetime(expires)
    signer = _signer(stack, dsse.public_line(key))
    view = cluster.switch(client, twin)
    release = _asked_for(view)
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        text = statements.issue(
            twin=view.name,
            release=release,
            digests=view.candidate.digests,
            reason=reason,
            now=now,
            lifetime=lifetime,
            key=key,
        )
    except statements.OverrideRefused as error:
        raise Invalid(value=error.value, consequence=error.consequence, fix=error.fix) from error
    cluster.annotate(client, view, {statements.ANNOTATION: text})
    return OverrideResult(
        twin=view.name,
        release=release,
        reason=" ".join(reason.split()),
        expires_at=now + lifetime,
        signer=signer,
        key_id=dsse.key_id(dsse.public_line(key)),
    )


def withdraw(client: Client, twin: str | None) -> WithdrawResult:
    """Take the override off a switch; what it let pass until now stays."""
    view = cluster.switch(client, twin)
    there = statements.ANNOTATION in view.annotations
    if there:
        cluster.annotate(client, view, {statements.ANNOTATION: None})
    return WithdrawResult(twin=view.name, withdrawn=there)


def _asked_for(view: SwitchView) -> str:
    """The release that an override would be for."""
    if view.release and not view.ended:
        return view.release
    raise BadNews(
        value=f"{view.name} is {view.phase}, {view.serving or 'nothing'} serves",
        consequence="no release waits for its budget: there is nothing to override",
        fix=f"release first (`live:` in the stack file, `switchyard up`), or "
        f"`switchyard retry {view.name}` one that was refused, then override it",
    )


def _signer(stack: str, line: str) -> str | None:
    """The key's name in the stack file; None when there is no such file to look at."""
    trusted = trusted_keys(stack)
    if trusted is None:
        output.progress(
            f"Pulumi.{stack}.yaml is not here: whether the key is trusted, is not known"
        )
        return None
    for name, known in trusted.items():
        if known.strip() == line:
            return name
    raise BadNews(
        value=f"key {dsse.key_id(line)} is not among the trusted keys of Pulumi.{stack}.yaml",
        consequence="the controller would refuse what it signs; nothing was written",
        fix=f'have `switchyard:trustedKeys` name it ("{line}") and `switchyard up`, '
        "or sign with one that it names",
    )


def load_key(path: Path) -> Ed25519PrivateKey:
    """The private key of a file.

    Raises:
        Invalid: it cannot be read, is no such key, or others can read it.
    """
    fix = f"make one with `switchyard override keygen {path}`"
    try:
        mode, text = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise Invalid(
            value=f"key file {path}",
            consequence=f"it cannot be read ({error.strerror}); nothing was signed",
            fix=fix,
        ) from error
    if mode & _OTHERS:
        raise Invalid(
            value=f"key file {path} has mode {stat.S_IMODE(mode):o}",
            consequence="others could sign with it; nothing was signed",
            fix=f"`chmod 600 {path}`; if others may have read it, make a new one",
        )
    passphrase = os.environ.get(PASSPHRASE)
    try:
        key = serialization.load_pem_private_key(
            text, passphrase.encode() if passphrase and b"ENCRYPTED" in text else None
        )
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Invalid(
            value=f"key file {path}",
            consequence=f"no key can be had from it ({error}); nothing was signed",
            fix=f"set {PASSPHRASE} if it is encrypted, or {fix}",
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Invalid(
            value=f"key file {path} holds another kind of key than Ed25519",
            consequence="the controller could not check its signature; nothing was signed",
            fix=fix,
        )
    return key


def _lifetime(text: str) -> timedelta:
    found = _DURATION.fullmatch(text) if text else None
    if found is None:
        raise Invalid(
            value=f"--expires {text}",
            consequence="when the override ends would not be known; nothing was signed",
            fix="write hours and minutes, such as `2h`, `45m` or `1h30m`",
        )
    hours, minutes = (int((found[index] or "0 ")[:-1]) for index in (1, 2))
    return timedelta(hours=hours, minutes=minutes)


def told(result: OverrideResult) -> str:
    """The result for people, one line of plain text."""
    by = f" by {result.signer}" if result.signer else ""
    ends = result.expires_at.astimezone().strftime("%Y-%m-%d %H:%M")
    return (
        f"release {result.release} of {result.twin} may pass its error budget until {ends}, "
        f"signed{by} ({result.key_id}): {result.reason}"
    )


def key_told(result: KeyResult, stack: str) -> str:
    """The key for people: what to do with it."""
    how = "encrypted with your passphrase" if result.encrypted else "not encrypted: guard it"
    return (
        f"{result.path} holds the private key ({how}).\n"
        f"Have Pulumi.{stack}.yaml trust it, reviewed like any change, then `switchyard up`:\n"
        f"  {result_setting(result)}"
    )


def result_setting(result: KeyResult) -> str:
    """The line of the stack file."""
    return f'switchyard:trustedKeys: {{YOUR-NAME: "{result.public_key}"}}'
