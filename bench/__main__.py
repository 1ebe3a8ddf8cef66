"""All measurements, one after another: `python -m bench`; one: `python -m bench.preview --help`."""

import runpy
import sys

MEASUREMENTS = ("preview", "footprint")

for name in sys.argv[1:] or MEASUREMENTS:
    sys.stdout.write(f"== {name}\n")
    sys.argv = [f"bench.{name}"]
    try:
        runpy.run_module(f"bench.{name}", run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise
