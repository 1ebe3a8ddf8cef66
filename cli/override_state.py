"""The override that a TrafficSwitch carries, held against the stack's trusted keys.

The controller's word is the one that counts; this tells beforehand what it will be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pydantic import BaseModel

from cli.errors import Invalid
from cli.stack_file import NoSuchStack, StackFile
from evidence import override

if TYPE_CHECKING:
    from datetime import datetime

    from cli.views import SwitchView

TRUSTED_KEYS = "switchyard:trustedKeys"


class OverrideState(BaseModel):
    """An override on a switch."""

    holds: bool | None
    """Whether it lets the present release pass; null when the stack's keys are not known here."""
    sentence: str
    """Who signed it until when and why, or why it does not hold."""


def trusted_keys(stack: str) -> dict[str, str] | None:
    """Who may sign, from the stack file: name to public key; None when there is no such file.

    Raises:
        Invalid: the file is wrong there.
    """
    try:
        file = StackFile(stack)
    except NoSuchStack:
        return None
    found: object = file.config.get(TRUSTED_KEYS, {})
    if not isinstance(found, dict):
        raise Invalid(
            value=f"{TRUSTED_KEYS} of {file.path.name} is {found!r}",
            consequence="nobody could sign an override",
            fix='write a mapping of names to public keys: `alice: "ed25519:…"`',
        )
    return {str(name): str(key) for name, key in cast("dict[object, object]", found).items()}


def state(view: SwitchView, stack: str, now: datetime) -> OverrideState | None:
    """The state of the override on a switch; None when there is none."""
    text = view.annotations.get(override.ANNOTATION)
    if text is None:
        return None
    trusted = trusted_keys(stack)
    if trusted is None:
        return OverrideState(
            holds=None, sentence=f"not checked: Pulumi.{stack}.yaml is not here to name the keys"
        )
    try:
        found = override.verify(
            text,
            twin=view.name,
            release=view.release or "",
            digests=view.candidate.digests,
            trusted=trusted,
            now=now,
        )
    except override.OverrideRefused as error:
        return OverrideState(holds=False, sentence=f"does not hold: {error}")
    return OverrideState(holds=True, sentence=str(found))
