"""Tables, chains and rules of the kernel's packet filter, asked and changed through ``nft``."""

import json
from typing import Any

from local.binaries import binary, found
from local.errors import YardError
from local.host import run


def tables() -> frozenset[str]:
    """Families and names of all tables, as in "ip nat"."""
    items = (item["table"] for item in ruleset("tables") if "table" in item)
    return frozenset(f"{item['family']} {item['name']}" for item in items)


def ruleset(*what: str) -> list[dict[str, Any]]:
    """What ``nft list`` tells, as its JSON objects; empty when nft was never obtained.

    Raises:
        YardError: it may not be asked, or answers nonsense.
    """
    if found("nft") is None:
        return []
    out = run(binary("nft"), "-j", "list", *what)
    try:
        return json.loads(out)["nftables"] if out.strip() else []
    except (ValueError, KeyError) as error:
        raise YardError(f"`nft -j list {' '.join(what)}` answered {out[:200]!r}.") from error


def apply(rules: str) -> None:
    """Apply a script in the nft language, all or nothing."""
    run(binary("nft"), "-f", "-", stdin=rules)


def delete_table(family: str, name: str) -> None:
    """Delete a table with all that is in it."""
    run(binary("nft"), "delete", "table", family, name)
