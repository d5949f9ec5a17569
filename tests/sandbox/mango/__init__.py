"""The simulated Mango Office."""
