"""How sure a rate is, in plain Python."""

from math import sqrt

Z_95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


def wilson(successes: int, n: int) -> tuple[float, float] | None:
    """The 95 % interval of a rate (Wilson 1927); None of nothing. Useful from 40 on, honest below."""
    if n == 0:
        return None
    p, z2 = successes / n, Z_95**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)
