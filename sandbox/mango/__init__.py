"""Mango Office's virtual exchange as its documentation describes it, with simulated calls."""
