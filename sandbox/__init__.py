"""HTTP servers that behave as the vendors document, with a simulated company and faults."""
