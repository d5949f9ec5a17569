"""A month counted by hand: the data, the arithmetic, and every way of counting held against it."""
