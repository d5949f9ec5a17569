"""One folder per CRM, PBX or mailbox: how to ask it, what its records mean, how to write to it."""

import sys

# httpx brings a command line (click, rich, pygments): 0.2 s and 7 MB that an agent has no use for
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
