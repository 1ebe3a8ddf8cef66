"""The machine as it was before the yard: written down once, before anything is changed."""

from pydantic import ValidationError

from local import trace
from local.layout import Layout


def remember(layout: Layout) -> None:
    """Write the record unless there is one; a record of a running yard is not taken again."""
    if layout.record.exists():
        return
    layout.state.mkdir(parents=True, exist_ok=True)
    present = trace.snapshot(layout)
    ours = str(layout.state)
    present.facts["files"] = [path for path in present.facts["files"] if path != ours]
    draft = layout.record.with_suffix(".part")
    draft.write_text(present.model_dump_json())
    draft.rename(layout.record)


def recall(layout: Layout) -> trace.Snapshot | None:
    """The record, or None when there is none that can be read."""
    try:
        return trace.Snapshot.model_validate_json(layout.record.read_text())
    except (FileNotFoundError, ValidationError):
        return None
