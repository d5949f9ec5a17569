"""The front door: command line, schedule, service life, the wiring of all rooms."""

__version__ = "0.1.0"
