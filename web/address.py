"""Takes the address the page is served on, before anything else is started."""

import os
import socket

from config.error import ConfigError


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 lets the system choose.

    Raises ConfigError when the address cannot be had, e.g. because another program has it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise ConfigError(
            f"web.listen: {host}:{port} cannot be listened on ({_reason(error)}).",
            did="Nothing was started.",
            todo="Stop the program that holds the port, or choose another one in [web] listen.",
        ) from error


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
