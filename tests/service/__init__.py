"""The running service: schedule, failing sources, signals, logs."""
