"""Parts of the yard lent for a while: a registry for a bake leaves no more behind than a yard.

Who borrows a part while no yard is wanted is the reason for the supervisor to run; the last one to
give back takes everything down.
"""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager

from local.layout import Layout
from local.progress import Progress, silent
from local.record import remember
from local.supervision import Supervisor
from local.teardown import tear_down


@contextmanager
def alone(layout: Layout, progress: Progress = silent) -> Generator[None]:
    """Wait until nobody else changes the yard, and keep others waiting.

    The lock is on the cache folder itself: a lock file would have to be removed under those who
    wait for it.
    """
    layout.cache.mkdir(parents=True, exist_ok=True)
    folder = os.open(layout.cache, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if not exclusive(folder):
            progress("Waiting for another command that is changing the yard")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


@contextmanager
def lease(layout: Layout) -> Generator[None]:
    """Keep the supervisor running for as long as the context lasts."""
    holder = _hold(layout)
    try:
        yield
    finally:
        with alone(layout):
            last = _is_current(holder, layout) and exclusive(holder)
            if last and not layout.wanted.exists():
                tear_down(layout)
            os.close(holder)


def is_lent(layout: Layout) -> bool:
    """Whether somebody holds a part of the yard just now."""
    try:
        holder = os.open(layout.state, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return False
    try:
        return not exclusive(holder)
    finally:
        os.close(holder)


def exclusive(descriptor: int) -> bool:
    """Turn a shared lock into the only one, without waiting; False while others share it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_current(holder: int, layout: Layout) -> bool:
    """Whether the folder held is still the yard's: another may have been made after a `down`."""
    try:
        return os.path.samestat(os.fstat(holder), layout.state.stat())
    except FileNotFoundError:
        return False


def _hold(layout: Layout) -> int:
    """Take a share in the supervisor, starting it if need be."""
    with alone(layout):
        layout.state.mkdir(parents=True, exist_ok=True)
        holder = os.open(layout.state, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(holder, fcntl.LOCK_SH)
        remember(layout)
        Supervisor(layout).start()
    return holder
