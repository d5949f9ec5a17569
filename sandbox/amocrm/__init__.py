"""amoCRM as its documentation describes it, with a simulated company behind it.

Moments are whole seconds since 1970, sums are whole roubles, as everywhere in API v4.
"""
