#!/usr/bin/python3
"""Recomputes the frozen cutoffs of common/health_cutoffs.c from their formulas.

Prints one line per table; exit status 1 if an entry is wrong.  Each entry has
two cutoffs, for alpha = 2^-30 and 2^-60.  Decimal with 120
digits: the tails are compared with alpha, and none comes near it, so rounding
cannot decide (asserted).
"""
import decimal
import math
import os
import re
import sys

decimal.getcontext().prec = 120
# A failure, and a failure for good.
LOG2_ALPHAS = (-30, -60)
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                      "common", "health_cutoffs.c")

BYTE_H = range(500, 8001, 500)
BIT_H = (100, 250, 500, 750, 800, 900, 1000)


def pmf(n, p):
    """Binomial(n, p) as a list of n + 1 probabilities."""
    q = 1 - p
    return [math.comb(n, k) * p ** k * q ** (n - k) for k in range(n + 1)]


def smallest_k(tails, log2_alpha):
    """Index of the first tail that is at most alpha."""
    alpha = decimal.Decimal(2) ** log2_alpha
    for k, tail in enumerate(tails):
        assert abs(tail / alpha - 1) > decimal.Decimal(10) ** -50
        if tail <= alpha:
            return k
    raise AssertionError("no tail at most alpha")


def upper_tails(probabilities):
    """P(X > k) for k = 0, 1, ..."""
    tails, total = [], decimal.Decimal(0)
    for probability in reversed(probabilities):
        tails.append(total)
        total += probability
    return list(reversed(tails))


def probability_of(h_millibits):
    return decimal.Decimal(2) ** (-decimal.Decimal(h_millibits) / 1000)


def rct(h_millibits):
    return [1 + -(-(-log2_alpha * 1000) // h_millibits)
            for log2_alpha in LOG2_ALPHAS]


def apt_byte(h_millibits, window=512):
    tails = upper_tails(pmf(window - 1, probability_of(h_millibits)))
    return [min(window, 2 + smallest_k(tails, log2_alpha))
            for log2_alpha in LOG2_ALPHAS]


def apt_bit(h_millibits, window=1024):
    mass = pmf(window, probability_of(h_millibits))
    ones, zeros = upper_tails(mass), upper_tails(mass[::-1])
    # Below half the window the two tails overlap and no cutoff can lie.
    both = [a + b for a, b in zip(ones, zeros)]
    return [min(window, 2 + smallest_k(both, log2_alpha))
            for log2_alpha in LOG2_ALPHAS]


def read_table(text, name):
    body = re.search(name + r"\[\] = \{(.*?)\n\};", text, re.S).group(1)
    cells = r",\s*".join([r"\{(\d+),\s*(\d+)\}"] * 2)
    rows = re.findall(r"\{\s*(\d+),\s*" + cells + r"\s*\}",
                      body.replace("{ ", "{").replace(" }", "}"))
    return [tuple(int(cell) for cell in row) for row in rows]


def check(text, name, entropies, apt):
    found = read_table(text, name)
    expected = [(h, *rct(h), *apt(h)) for h in entropies]
    if found == expected:
        print(f"ok {name} ({len(found)} entries)")
        return True
    wrong = [row for row in found if row not in expected]
    missing = [row for row in expected if row not in found]
    print(f"not ok {name}: wrong {wrong}, should be {missing}")
    return False


def main():
    with open(SOURCE, encoding="ascii") as source:
        text = source.read()
    good = check(text, "byte_cutoffs", BYTE_H, apt_byte)
    good &= check(text, "bit_cutoffs", BIT_H, apt_bit)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
