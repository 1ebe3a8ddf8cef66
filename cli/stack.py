"""What the stack file says about the foundation, and where the yard keeps its things.

Reads that one key alone: `status` and `abort` must work while another part of the file is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from cli.errors import Invalid
from cli.stack_file import StackFile

if TYPE_CHECKING:
    from pathlib import Path


class Foundation(BaseModel):
    """Where the stack's cluster comes from."""

    model_config = ConfigDict(extra="ignore")

    kind: Literal["yard", "kubeconfig"]
    path: str | None = None
    context: str | None = None


def foundation(stack: str) -> Foundation:
    """The foundation that a stack file names.

    Raises:
        Invalid: there is no such stack file, or it names no foundation of a known kind.
    """
    file = StackFile(stack)
    raw = cast("Any", file.config).get("switchyard:foundation")
    try:
        return Foundation.model_validate(raw)
    except ValidationError as error:
        raise Invalid(
            value=f"switchyard:foundation of {file.path.name} is {raw!r}",
            consequence="the stack's cluster cannot be found",
            fix="write `{kind: yard}` or `{kind: kubeconfig, path: FILE, context: NAME}`, "
            "or pass --kubeconfig",
        ) from error


def yard_dir() -> Path:
    """The yard's folder in the cache."""
    import tools

    return tools.cache_dir() / "yard"


def yard_kubeconfig() -> Path:
    """The yard's admin kubeconfig."""
    return yard_dir() / "kubeconfig"
