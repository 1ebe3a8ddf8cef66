"""Removes what the portmap plugin left of pods that were killed: chains among the host's rules.

The plugin keeps three chains for all networks (``CNI-HOSTPORT-…``) and one for each container
(``CNI-DN-…``). Another program may use the same plugin; its chains stay.
"""

import re
import shlex

from local import packet_filter
from local.binaries import binary, found
from local.host import attempt, run

_SHARED = "CNI-HOSTPORT-DNAT"
_PREFIX = "CNI-"
_TABLE = "nat"


def remove(network: str, *, foreign_tables: frozenset[str]) -> None:
    """Remove the chains of a network's pods, and all that was made for them alone.

    Args:
        network: name of the pods' network, which the plugin writes into its rules' comments.
        foreign_tables: tables that were there before the yard; they stay.
    """
    for family, command in (("ip", "iptables"), ("ip6", "ip6tables")):
        table = f"{family} {_TABLE}"
        if table not in packet_filter.tables() or found(command) is None:
            continue
        program = binary(command)
        for rule, chain in _containers(program, network):
            run(program, "-w", "-t", _TABLE, "-D", _SHARED, *rule)
            _delete_chain(program, chain)
        if not any(line.startswith(f"-A {_SHARED} ") for line in _listing(program)):
            _delete_shared(program)
        no_rules = not any(line.startswith("-A ") for line in _listing(program))
        if no_rules and table not in foreign_tables:
            packet_filter.delete_table(family, _TABLE)


def _containers(program: str, network: str) -> list[tuple[list[str], str]]:
    """The network's rules in the shared chain: what each says, and the chain that it jumps to."""
    comment = re.compile(rf'name: \\?"{re.escape(network)}\\?" id:')
    return [
        (words[2:], words[words.index("-j") + 1])
        for line in _listing(program)
        if line.startswith(f"-A {_SHARED} ") and comment.search(line)
        for words in (shlex.split(line),)
    ]


def _delete_shared(program: str) -> None:
    """Remove the shared chains and the ways into them, since no container uses them any more."""
    for line in _listing(program):
        words = shlex.split(line)
        if words[0] == "-A" and "-j" in words and words[words.index("-j") + 1].startswith(_PREFIX):
            run(program, "-w", "-t", _TABLE, "-D", *words[1:])
    for line in _listing(program):
        words = shlex.split(line)
        if words[0] == "-N" and words[1].startswith("CNI-HOSTPORT-"):
            _delete_chain(program, words[1])


def _delete_chain(program: str, chain: str) -> None:
    run(program, "-w", "-t", _TABLE, "-F", chain)
    attempt(program, "-w", "-t", _TABLE, "-X", chain)


def _listing(program: str) -> list[str]:
    return run(program, "-w", "-t", _TABLE, "-S").splitlines()
