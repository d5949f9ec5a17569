"""The simulated portal held against the documentation, and its truth against hand counts."""
