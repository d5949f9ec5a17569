"""`merilo sandbox`: the vendors' APIs on this machine, with a simulated company."""

from enum import StrEnum
from typing import Annotated

import typer


class Scale(StrEnum):
    """How large the simulated company is."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Switch(StrEnum):
    """Whether the vendor's documented limits are applied."""

    ON = "on"
    OFF = "off"


def sandbox(
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME...", help="bitrix24, amocrm, mango, itoolabs, uis, zadarma"),
    ],
    port: Annotated[int, typer.Option(help="0 picks a free one.")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed makes the same company.")] = 1,
    scale: Annotated[Scale, typer.Option(help="Size of the company.")] = Scale.SMALL,
    speed: Annotated[float, typer.Option(help="Events of live work a minute.")] = 0.0,
    limits: Annotated[Switch, typer.Option(help="The vendor's limits.")] = Switch.ON,
    tls: Annotated[bool, typer.Option("--tls", help="https with a test CA.")] = False,
    faults: Annotated[list[str] | None, typer.Option(help="kind:method:after:count")] = None,
) -> None:
    """Serve vendors' APIs on the loopback; the first line printed is JSON with url and keys."""
    from sandbox.cli import serve

    code = serve(
        names,
        port=port,
        seed=seed,
        scale=scale.value,
        speed=speed,
        limits=limits is Switch.ON,
        tls=tls,
        faults=faults or [],
    )
    raise typer.Exit(code)
