"""The Bitrix24 connector over sockets, against the sandbox, and on documented payloads."""
