"""Checks of the machine: the yard that the stack stands on, and the tools."""

from __future__ import annotations

from cli.findings import Area, Finding

MACHINE = Area("machine")
TOOLS = Area("tools")


def yard() -> list[Finding]:
    """Whether this machine can carry the yard, and whether the yard is up."""
    from local import yard as the_yard

    findings = [
        MACHINE.ok(item.name, item.found)
        if item.ok
        else MACHINE.problem(item.name, item.found, consequence=item.consequence, fix=item.fix)
        for item in the_yard.preflight()
    ]
    status = the_yard.status()
    if status.up:
        return [*findings, MACHINE.ok("yard", f"up, {len(status.processes)} processes")]
    broken = [f"{item.name} {item.state}" for item in status.processes if item.state != "RUNNING"]
    found = ", ".join(broken) or status.node.reason or "down"
    return [
        *findings,
        MACHINE.problem(
            "yard",
            found if status.wanted else f"not up ({found})",
            consequence="the stack's cluster does not run, or not wholly",
            fix="`switchyard yard up`",
        ),
    ]


def toolchain(groups: tuple[str, ...]) -> list[Finding]:
    """Whether the tools of these groups are there."""
    import tools

    findings: list[Finding] = []
    for group in groups:
        missing = [name for name in tools.groups.get(group, ()) if not _present(name)]
        if missing:
            findings.append(
                TOOLS.problem(
                    group,
                    f"missing: {', '.join(missing)}",
                    consequence="what needs them fails when it comes to them",
                    fix=f"`switchyard tools ensure {group}`",
                )
            )
        else:
            findings.append(TOOLS.ok(group, f"all {len(tools.groups.get(group, ()))} there"))
    return findings


def _present(name: str) -> bool:
    import tools

    try:
        tools.path(name)
    except tools.ToolMissing:
        return False
    return True
