"""``python -m local up|down|status|preflight [--json]``: the yard without the rest of the CLI."""

import argparse
import json
import sys

from local import yard
from local.errors import YardError
from local.preflight import Finding
from local.yard import YardStatus


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 it is well; 1 the answer is bad news; 2 wrong usage; 3 it could not be done.
    """
    parser = argparse.ArgumentParser(prog="python -m local", description=yard.__doc__)
    parser.add_argument("command", choices=("up", "down", "status", "preflight"))
    parser.add_argument("--json", action="store_true", help="answer as JSON on standard output")
    given = parser.parse_args(arguments)
    try:
        return _COMMANDS[given.command](as_json=given.json)
    except YardError as error:
        _progress(str(error))
        return 3
    except KeyboardInterrupt:
        _progress("Interrupted; the same command goes on from here.")
        return 130


def _up(*, as_json: bool) -> int:
    made = yard.up(_progress)
    facts = {
        "kubeconfig": str(made.kubeconfig),
        "context": made.context,
        "api": made.api,
        "registry": made.registry,
        "git": made.git,
        "gateway": made.gateway,
    }
    _say(json.dumps(facts, indent=2) if as_json else f"export KUBECONFIG={made.kubeconfig}")
    return 0


def _down(*, as_json: bool) -> int:
    left = yard.down(_progress)
    if as_json:
        _say(json.dumps({"different": left}, indent=2))
    elif left:
        _say("\n".join(["This differs from the machine before the yard:", *left]))
    return 1 if left else 0


def _status(*, as_json: bool) -> int:
    seen = yard.status()
    _say(seen.model_dump_json(indent=2) if as_json else _readable(seen))
    return 0 if seen.up else 1


def _preflight(*, as_json: bool) -> int:
    findings = yard.preflight()
    if as_json:
        _say(json.dumps([finding.model_dump() for finding in findings], indent=2))
    else:
        _say("\n".join(_finding(finding) for finding in findings))
    return 0 if all(finding.ok for finding in findings) else 1


def _finding(finding: Finding) -> str:
    if finding.ok:
        return f"✓ {finding.name}: {finding.found}"
    return f"✗ {finding.name}: {finding.found}. {finding.consequence} {finding.fix}"


def _readable(seen: YardStatus) -> str:
    word = "up" if seen.up else "wanted, but not up" if seen.wanted else "down"
    ready = "ready" if seen.node.ready else f"not ready: {seen.node.reason}"
    lines = [f"The yard is {word}.", f"Node {seen.node.name}: {ready}"]
    if seen.processes:
        lines.append(f"{'PROCESS':<26}{'STATE':<10}{'PID':>8}{'UPTIME':>12}{'RESTARTS':>10}")
    for item in seen.processes:
        uptime = f"{item.uptime:.0f} s"
        lines.append(
            f"{item.name:<26}{item.state:<10}{item.pid or '-':>8}{uptime:>12}{item.restarts:>10}"
        )
    lines += [f"{name:<12}{address}" for name, address in seen.addresses.items()]
    return "\n".join(lines)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _progress(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


_COMMANDS = {"up": _up, "down": _down, "status": _status, "preflight": _preflight}

if __name__ == "__main__":
    sys.exit(main())
