"""Zadarma's API, and Novofon's first one, as the vendor's own client and pages describe it."""
