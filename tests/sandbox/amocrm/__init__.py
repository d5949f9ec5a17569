"""The simulated amoCRM."""
