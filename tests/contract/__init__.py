"""Public clients that we did not write keep the sandbox honest."""
