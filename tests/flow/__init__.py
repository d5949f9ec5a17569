"""Whole agent against whole sandbox, over real HTTP."""
