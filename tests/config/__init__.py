"""Settings, their places and mistakes, and the secrets they name."""
