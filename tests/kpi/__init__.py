"""Tests of the room `kpi`."""
