"""Brings remote changes into the store: one pass of a stream, cursors, removals, who is who."""
