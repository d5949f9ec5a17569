"""`python -m sandbox bitrix24 --port 0 --scale small ...`: the sandbox without the agent."""

import argparse
import sys

from sandbox.cli import serve


def main(arguments: list[str]) -> int:
    """Read the options and serve until a signal."""
    parser = argparse.ArgumentParser(prog="sandbox", description=serve.__doc__)
    parser.add_argument("names", nargs="*", default=["bitrix24"])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", default="small")
    parser.add_argument("--speed", type=float, default=0.0)
    parser.add_argument("--limits", choices=("on", "off"), default="on")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds a command takes")
    parser.add_argument("--faults", action="append", default=[])
    asked = parser.parse_args(arguments)
    return serve(
        asked.names,
        port=asked.port,
        seed=asked.seed,
        scale=asked.scale,
        speed=asked.speed,
        limits=asked.limits == "on",
        tls=asked.tls,
        faults=asked.faults,
        latency_s=asked.latency,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
