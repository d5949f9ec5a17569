"""Turns stored facts into numbers per manager and period, from declarations."""
