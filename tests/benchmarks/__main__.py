"""`python -m tests.benchmarks [NAME …] [--json]`: runs benchmarks and prints what they measured."""

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict

from tests.benchmarks import BENCHMARKS, Measurement, Skipped


def main(arguments: list[str] | None = None) -> int:
    """Runs the named benchmarks, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(BENCHMARKS)}; all where none")
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2

    results: list[Measurement] = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["CNNSTUDIO_HOME"] = home
        for name in options.names or BENCHMARKS:
            print(f"{name} …", file=sys.stderr, flush=True)
            try:
                results += BENCHMARKS[name]()
            except Skipped as reason:
                print(f"{name} was left out: {reason}.", file=sys.stderr)
    if options.json:
        print(json.dumps([asdict(result) | {"ratio": result.ratio} for result in results], indent=2))
    else:
        _print_table(results)
    return 0


def _print_table(results: list[Measurement]) -> None:
    print(f"{'name':24} {'value':>12} {'unit':10} {'peer value':>12} {'ratio':>7}  peer")
    for result in results:
        print(
            f"{result.name:24} {result.value:12,.4g} {result.unit:10} {result.peer_value:12,.4g} "
            f"{result.ratio:7.3f}  {result.peer}"
        )


if __name__ == "__main__":
    sys.exit(main())
