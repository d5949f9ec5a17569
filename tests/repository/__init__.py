"""Tests of the repository itself: its files, its rooms, its locks and what it ships."""
