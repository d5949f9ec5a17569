"""The page, its guard and its health endpoints, over real sockets and in a real browser."""
