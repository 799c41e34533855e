#!/usr/bin/python3
"""Recomputes the frozen cutoffs of common/health_cutoffs.c from their formulas.

Prints one line per table and per healthy board; exit status 1 if an entry is
wrong or such a board is stopped too often.  Each entry has two cutoffs, for a
failure and for one for good.  Decimal with 120 digits: the tails are compared
with alpha, and none comes near it, so rounding cannot decide (asserted).
"""
import decimal
import math
import os
import re
import sys

decimal.getcontext().prec = 120
# A failure, and a failure for good.
LOG2_ALPHAS = (-30, -60)
LOG2_ALPHAS_RCT_BIT = (-48, -60)
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                      "common", "health_cutoffs.c")

BYTE_H = range(500, 8001, 500)
BIT_H = (100, 250, 500, 750, 800, 900, 1000)

# What healthy boards are held against: the default H, at full rate.
BYTE_H_DEFAULT, BIT_H_DEFAULT = 4000, 800
SAMPLES_A_YEAR = 57600 * 31557600
HEALTHY = ("0.5", "0.5125", "0.55")
ALARMS_A_YEAR = decimal.Decimal("1e-3")


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


def rct(h_millibits, log2_alphas=LOG2_ALPHAS):
    return [1 + -(-(-log2_alpha * 1000) // h_millibits)
            for log2_alpha in log2_alphas]


def rct_bit(h_millibits):
    return rct(h_millibits, LOG2_ALPHAS_RCT_BIT)


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


def check(text, name, entropies, rct_of, apt_of):
    found = read_table(text, name)
    expected = [(h, *rct_of(h), *apt_of(h)) for h in entropies]
    rising = all(row[1] < row[2] and row[3] < row[4] for row in found)
    if found == expected and rising:
        print(f"ok {name} ({len(found)} entries)")
        return True
    wrong = [row for row in found if row not in expected]
    missing = [row for row in expected if row not in found]
    print(f"not ok {name}: wrong {wrong}, should be {missing}")
    return False


def runs(probabilities, cutoff):
    """Runs that reach the cutoff, for each sample."""
    return sum(p ** cutoff * (1 - p) for p in probabilities)


def tail(n, p, least):
    return sum(pmf(n, p)[least:])


def alarms(p_one, byte, bit):
    """A year's alarms of each test, for independent bits; rows of the tables."""
    p = decimal.Decimal(p_one)
    bits = (p, 1 - p)
    # Eight bits make nine kinds of bytes; each kind is as likely as its ones.
    kinds = [(math.comb(8, k), p ** k * (1 - p) ** (8 - k)) for k in range(9)]
    year = SAMPLES_A_YEAR
    return {
        "rct-byte": year * sum(n * runs([q], byte[1]) for n, q in kinds),
        "apt-byte": year / decimal.Decimal(512) * sum(
            n * q * tail(511, q, byte[3] - 1) for n, q in kinds),
        "rct-bit": year * 8 * runs(bits, bit[1]),
        "apt-bit": year * 8 / decimal.Decimal(1024) * sum(
            tail(1024, q, bit[3]) for q in bits),
    }


def check_alarms(text, p_one):
    byte = next(row for row in read_table(text, "byte_cutoffs")
                if row[0] == BYTE_H_DEFAULT)
    bit = next(row for row in read_table(text, "bit_cutoffs")
               if row[0] == BIT_H_DEFAULT)
    rates = alarms(p_one, byte, bit)
    good = max(rates.values()) < ALARMS_A_YEAR
    print("ok" if good else "not ok", f"false alarms a year at P(1) = {p_one}:",
          ", ".join(f"{test} {rate:.1e}" for test, rate in rates.items()))
    return good


def main():
    with open(SOURCE, encoding="ascii") as source:
        text = source.read()
    good = check(text, "byte_cutoffs", BYTE_H, rct, apt_byte)
    good &= check(text, "bit_cutoffs", BIT_H, rct_bit, apt_bit)
    for p_one in HEALTHY:
        good &= check_alarms(text, p_one)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
