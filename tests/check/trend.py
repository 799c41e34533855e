#!/usr/bin/python3
"""Recomputes the thresholds of the trend and what its comments promise of them.

Constants are read from host-agent/trend.c and trend.h, thresholds from the
tables of tests/unit/test_trend.c, which the code is held against.  A threshold
is the least k of n that contradicts p at 2^-alpha by Chernoff's bound (60
digits); the exact binomial tail there must be smaller still.  One line a check;
exit status 1 if one fails.
"""
import decimal
import math
import os
import re
import sys

decimal.getcontext().prec = 60
D = decimal.Decimal
LN2 = D(2).ln()
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
RATE = 57600  # raw bytes a second
YEAR = 31557600
FIPS_BYTES = 2500

failed = False


def read(path):
    with open(os.path.join(TOP, path), encoding="ascii") as f:
        return f.read()


def check(name, good, got=""):
    global failed
    failed |= not good
    print(f"ok {name}" if good else f"not ok {name}: {got}")


def near(name, promised, got, places):
    """Equal when got is rounded to significant places."""
    check(f"{name}: {promised:g}", f"{got:.{places - 1}e}" ==
          f"{promised:.{places - 1}e}", f"{got:g}")


def evidence(k, n, p):
    """-log2 of Chernoff's bound on n trials with k hits or more."""
    q = D(k) / n
    if q <= p:
        return D(0)
    bits = q * (q / p).ln()
    if q < 1:
        bits += (1 - q) * ((1 - q) / (1 - p)).ln()
    return n * bits / LN2


def threshold(n, p, alpha):
    low, high = int(n * p), n
    while high - low > 1:
        k = (low + high) // 2
        low, high = (low, k) if evidence(k, n, p) >= alpha else (k, high)
    return high


def upper_bound(k, n, alpha):
    """The least p that k of n do not contradict from above."""
    low, high = D(k) / n, D(1)
    for _ in range(100):
        p = (low + high) / 2
        if evidence(n - k, n, 1 - p) >= alpha:
            high = p
        else:
            low = p
    return high


def exact_tail(k, n, p):
    """log2 P(X >= k); the terms fall at least geometrically."""
    p = float(p)
    log = (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) +
           k * math.log(p) + (n - k) * math.log1p(-p))
    total = term = 1.0
    while k < n and term > 1e-18:
        term *= (n - k) / (k + 1) * p / (1 - p)
        total += term
        k += 1
    return (log + math.log(total)) / math.log(2)


def constant(text, name):
    return float(re.search(rf"#define {name}\s+\(?(?:ALPHA_H_BIT \+ )?"
                           r"([\d.]+)", text).group(1))


def table(text, name):
    body = re.search(name + r"\[\]\[2\] = \{(.*?)\n\};", text, re.S).group(1)
    return [tuple(map(int, row))
            for row in re.findall(r"\{\s*(\d+),\s*(\d+)\s*\}", body)]


def check_table(text, name, n, alpha):
    rows = table(text, name)
    right = [(h, threshold(n, D(2) ** (-D(h) / 1000), alpha)) for h, _ in rows]
    check(f"{name} ({len(rows)} entries)", rows and rows == right,
          f"should be {right}")
    loose = [h for h, k in right
             if exact_tail(k, n, D(2) ** (-D(h) / 1000)) > -alpha]
    check(f"{name}: exact tails are below 2^-{alpha:g}", not loose, loose)


def promised(text, pattern):
    """A number of the theory in trend.c, whose lines may break anywhere."""
    flat = re.sub(r"\s+(?:\* )?", " ", text)
    return float(re.search(pattern, flat).group(1).replace(",", ""))


def check_h(code, bits, alpha):
    p = D(2) ** (D(-800) / 1000)
    share = threshold(bits, p, alpha) / bits
    sigma = math.sqrt(.55 * .45 / bits)
    near("share of ones that denies H = 0.8",
         promised(code, r"that takes ([\d.]+) of"), share, 4)
    near("sigmas from there to a board of 0.55",
         promised(code, r"0\.55 is (\d+) sigma"), (share - .55) / sigma, 2)
    near("sigmas from there to one of 0.65",
         promised(code, r"beyond it by (\d+)"),
         (.65 - share) / math.sqrt(.65 * .35 / bits), 3)
    windows = RATE * YEAR / (bits / 8)
    near("windows a year", promised(code, r"are ([\de.]+) windows"), windows, 2)
    false = windows * (4 * 2 ** -alpha + 256 * 2 ** -(alpha + 8))
    most = promised(code, r"under ([\de.-]+) false failures")
    check(f"false failures a year: under {most:g}", false < most, false)


def check_drift(code, header, bits):
    learn = constant(header, "TREND_LEARN_WINDOWS")
    sigma = math.sqrt(.25 / bits)
    against = sigma * math.sqrt(1 + 1 / learn)
    near("sigma of P(1)", promised(code, r"by sigma ([\d.]+) \("), sigma, 2)
    near("against the baseline", promised(code, r"\(([\d.]+) against the"),
         against, 2)
    near("sigmas of TREND_DRIFT", promised(code, r"is (\d+) sigma: no"),
         constant(header, "TREND_DRIFT_MILLI") / 1000 / against, 2)
    near("what P(same) = 0.6 widens sigma by",
         promised(code, r"widens sigma by (\d+\.\d+)"), math.sqrt(.6 / .4), 3)
    mean = bits / 8 / 256
    # the most common of 256 is 2.8 sigma above the mean on average
    mode = constant(code, "MODE_RISE") * (mean + 2.8 * math.sqrt(mean))
    near("sigmas of MODE_RISE", promised(code, r"would need (\d+) sigma"),
         (mode - mean) / math.sqrt(mean), 2)


def check_fips(code, header):
    blocks = constant(header, "TREND_BLOCKS")
    alpha = constant(code, "ALPHA_FIPS")
    learn = int(constant(header, "TREND_LEARN_BLOCKS"))
    groups = RATE * YEAR / FIPS_BYTES / blocks
    near("groups of blocks a year",
         promised(code, r"; ([\de.]+) such groups"), groups, 2)
    near("false warnings a year", promised(code, r"to ([\de.-]+) a year"),
         groups * 2 ** -alpha, 2)
    near("years between them", promised(code, r"one in ([\d,]+) device"),
         2 ** alpha / groups, 2)
    p = max(upper_bound(3, learn, alpha),
            D(constant(code, "FIPS_RISE")) * 3 / learn)
    near("failures that warn after 3 of 4096",
         promised(code, r"warns from (\d+) failures"),
         threshold(int(blocks), p, alpha), 2)


def main():
    code, header = read("host-agent/trend.c"), read("host-agent/trend.h")
    unit = read("tests/unit/test_trend.c")
    window = int(constant(read("common/estimate.h"), "ESTIMATE_WINDOW"))
    alpha = constant(code, "ALPHA_H_BIT")
    extra = constant(code, "ALPHA_H_BYTE")
    check_table(unit, "bit_thresholds", 8 * window, alpha)
    check_table(unit, "byte_thresholds", window, alpha + extra)
    check_h(code, 8 * window, alpha)
    check_drift(code, header, 8 * window)
    check_fips(code, header)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
