"""The machine as it was before the yard: written down once, before anything is changed."""

import shutil

from pydantic import ValidationError

from local import trace
from local.layout import Layout
from local.mounts import unmount_below


def remember(layout: Layout) -> None:
    """Write the record unless there is one of this boot; that of a running yard is not taken again.

    After a reboot the kernel has forgotten everything of the yard's, files have not: the new record
    is of the machine as it is, with the files of before the yard.
    """
    former = recall(layout)
    if former is not None and former.boot == trace.boot_id():
        return
    if former is not None:
        unmount_below(layout.run)
        shutil.rmtree(layout.run, ignore_errors=True)  # sockets and leases of a former boot
    layout.state.mkdir(parents=True, exist_ok=True)
    present = trace.snapshot(layout)
    ours = str(layout.state)
    present.facts["files"] = [path for path in present.facts["files"] if path != ours]
    if former is not None:
        present.facts["files"] = former.facts["files"]
    draft = layout.record.with_suffix(".part")
    draft.write_text(present.model_dump_json())
    draft.rename(layout.record)


def recall(layout: Layout) -> trace.Snapshot | None:
    """The record, or None when there is none that can be read."""
    try:
        return trace.Snapshot.model_validate_json(layout.record.read_text())
    except (FileNotFoundError, ValidationError):
        return None
