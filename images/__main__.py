"""``python -m images``: bake, list and verify images.

Exit codes: 0 all is well; 1 ``verify`` found something; 2 wrong usage or an image that cannot be
baked; 130 interrupted.
"""

import argparse
import json
import sys
from collections.abc import Sequence

from images.baker import bake
from images.errors import ImageError
from images.inventory import Item, inventory
from tools import ToolMissing


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _bake(options) if options.verb == "bake" else _show(options)
    except (ImageError, ToolMissing) as error:
        _say(str(error))
        return 2
    except KeyboardInterrupt:
        _say("interrupted; what was baked is in the lock")
        return 130


def _bake(options: argparse.Namespace) -> int:
    lock = bake(options.names, stack=options.stack, progress=_say, fresh=options.fresh)
    if options.json:
        _tell(lock.model_dump_json(indent=2))
    return 0


def _show(options: argparse.Namespace) -> int:
    items = inventory(options.names, stack=options.stack)
    if options.json:
        _tell(json.dumps([item.model_dump() for item in items], indent=2))
    else:
        width = max((len(item.name) for item in items), default=0)
        for item in items:
            _tell(f"{item.name:{width}}  {item.state:9}  {item.reference or '-'}")
    return 1 if options.verb == "verify" and not all(map(_deployable, items)) else 0


def _deployable(item: Item) -> bool:
    return item.state == "current"


def _say(line: str) -> None:
    """Progress and errors, apart from what the command was asked for."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m images", description="Bakes images and keeps the lock of their digests."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    helps = {
        "bake": "bake what has changed",
        "list": "show each image, its state and its digest",
        "verify": "the same, and exit 1 unless each is baked from today's inputs and there",
    }
    for verb, text in helps.items():
        command = verbs.add_parser(verb, help=text)
        command.add_argument("names", nargs="*", metavar="NAME", help="an image, or a folder; all")
        command.add_argument("--stack", default="local", help="whose lock and registry")
        command.add_argument("--json", action="store_true", help="one JSON document on stdout")
        if verb == "bake":
            command.add_argument(
                "--fresh", action="store_true", help="bake although nothing has changed"
            )
    return parser


if __name__ == "__main__":
    sys.exit(main())
