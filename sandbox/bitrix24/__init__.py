"""A Bitrix24 portal on the loopback: documented behaviour, a simulated company, known truth.

A family of methods is one module in `methods/` that offers `METHODS`; what they work on is
kept in `portal`, grown by `company` and changed by `live`.
"""
