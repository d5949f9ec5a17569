"""Compares what the CRM shows with what it should show, and sends the difference."""
