"""The documents are under test, too."""
