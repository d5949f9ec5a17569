"""Tests of the rooms, of the whole flow, and of the repository itself."""
