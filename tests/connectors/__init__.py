"""Connectors: the transport, the limiter, and each vendor against its sandbox."""
