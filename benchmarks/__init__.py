"""Measurements that `make bench` prints: rates, memory and start-up times."""
