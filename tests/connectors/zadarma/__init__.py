"""The Zadarma connector: over sockets against the sandbox, and on documented payloads."""
