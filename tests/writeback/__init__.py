"""Tests of writing back, against a portal on the loopback."""
