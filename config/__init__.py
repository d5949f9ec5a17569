"""Reads the settings, finds the secrets, and lists everything that is wrong with them."""
