"""`merilo demo`: sandbox, agent and page together, no account needed."""

from typing import Annotated

import typer


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the first full cycle.")] = False,
) -> None:
    """Show everything on a simulated company: read, count, write back, check, then live."""
    from merilo.demo import run_demo

    raise typer.Exit(run_demo(once=once))
