"""Writes raw noise that is good for GOOD bytes and faulty behind them.

noise.py SEED FOLDER FAULT...: FAULT is a word of MAKERS, with its number behind
a dash (bias-0.6, period-512), and the file's name.  The same for a seed.
data_FILE is FILE.bin of the folder $DATA.
"""
import hashlib
import math
import os
import random
import sys

GOOD = 65536
FAULT = 262144
PACKET = 64
TEXT = b"AT+CPIN?\r\n+CME ERROR: 10\r\nAT+CREG?\r\n+CREG: 0,2\r\nOK\r\n"


def loop(pattern):
    """At least twice."""
    size = max(FAULT, 2 * len(pattern))
    return (pattern * (size // len(pattern) + 1))[:size]


def weighted(rng, chances, count):
    """Bytes of bits that are 1 with these chances, the first one in bit 7."""
    weights = [math.prod(p if byte >> (7 - k) & 1 else 1 - p
                         for k, p in enumerate(chances))
               for byte in range(256)]
    return bytes(rng.choices(range(256), weights, k=count))


def bias(rng, p):
    return weighted(rng, [p] * 8, FAULT)


def flips(byte):
    """What a byte becomes whose 1 bits say where to change, after a 0."""
    out = bit = 0
    for k in range(8):
        bit ^= byte >> (7 - k) & 1
        out = out << 1 | bit
    return out


def serial(rng, p):
    table = [flips(byte) for byte in range(256)]
    out = bytearray(bias(rng, 1 - p))
    last = 0
    for i, byte in enumerate(out):
        out[i] = table[byte] ^ (0xff if last else 0)
        last = out[i] & 1
    return bytes(out)


def drift(rng, p):
    """From even bits to p, in 64 steps, and half as long of p."""
    return b"".join(weighted(rng, [0.5 + (p - 0.5) * min(step, 63) / 63] * 8,
                             FAULT // 64) for step in range(96))


def tone(rng, decibel):
    """The sign of Gaussian noise and a sine so much stronger than it."""
    peak = math.sqrt(2 * 10 ** (decibel / 10))
    wave = [0.5 + 0.5 * math.erf(peak * math.sin(math.pi * k / 8) /
                                 math.sqrt(2)) for k in range(16)]
    halves = [weighted(rng, wave[:8], FAULT // 2),
              weighted(rng, wave[8:], FAULT // 2)]
    return bytes(b for pair in zip(*halves) for b in pair)


def packets(rng, every, bad):
    """One packet in so many is bad(the one before it)."""
    out = bytearray(rng.randbytes(FAULT))
    for at in range(PACKET * (every - 1), FAULT - PACKET, PACKET * every):
        out[at:at + PACKET] = bad(out[at - PACKET:at])
    return bytes(out)


def lfsr(state, taps):
    """Right shift; what a low byte does in eight steps comes from a table."""
    made, left = [], []
    for low in range(256):
        byte = 0
        for _ in range(8):
            byte = byte << 1 | low & 1
            low = low >> 1 ^ (taps if low & 1 else 0)
        made.append(byte)
        left.append(low)
    out = bytearray(FAULT)
    for i in range(FAULT):
        out[i] = made[state & 255]
        state = state >> 8 ^ left[state & 255]
    return bytes(out)


def cipher(key):
    return b"".join(hashlib.sha512(key + i.to_bytes(8, "big")).digest()
                    for i in range(FAULT // 64))


def rise(rng, p):
    """One value of that probability, all others alike."""
    others = bytes(range(255))
    return bytes(rng.choices(others + b"\xff", [(1 - p) / 255] * 255 + [p],
                             k=FAULT)).translate(bytes(
                                 b ^ 0x5a for b in range(256)))


def data(name):
    with open(f"{os.environ['DATA']}/{name}.bin", "rb") as f:
        return f.read()


def once(rng, bad):
    first = rng.randbytes(PACKET)
    return first + bad(first) + rng.randbytes(FAULT - 2 * PACKET)


MAKERS = {
    "none": lambda rng, n: rng.randbytes(FAULT),
    "constant": lambda rng, n: loop(bytes([int(n)])),
    "aa55": lambda rng, n: loop(b"\xaa\x55"),
    "counter": lambda rng, n: loop(bytes(range(256))),
    "text": lambda rng, n: loop(TEXT),
    "clear": lambda rng, n: bytes(b & ~int(n) for b in rng.randbytes(FAULT)),
    "set": lambda rng, n: bytes(b | int(n) for b in rng.randbytes(FAULT)),
    "bias": bias,
    "serial": serial,
    "drift": drift,
    "tone": tone,
    "period": lambda rng, n: loop(rng.randbytes(int(n))),
    "repeat": lambda rng, n: packets(rng, int(n), bytes),
    "zero": lambda rng, n: packets(rng, int(n), lambda p: bytes(PACKET)),
    "run": lambda rng, n: b"\xa5" * int(n) + rng.randbytes(FAULT),
    "rise": rise,
    "repeat_once": lambda rng, n: once(rng, bytes),
    "zero_once": lambda rng, n: once(rng, lambda p: bytes(PACKET)),
    "lfsr16": lambda rng, n: lfsr(rng.getrandbits(16) | 1, 0xb400),
    "lfsr32": lambda rng, n: lfsr(rng.getrandbits(32) | 1, 0x80200003),
    "cipher": lambda rng, n: cipher(rng.randbytes(32)),
}


def main():
    seed, folder = sys.argv[1:3]
    for fault in sys.argv[3:]:
        word, _, number = fault.partition("-")
        rng = random.Random(fault + seed)
        noise = rng.randbytes(GOOD)
        if fault.startswith("data_"):
            noise += data(fault[len("data_"):])
        else:
            noise += MAKERS[word](rng, float(number or 0))
        with open(f"{folder}/{fault}", "wb") as out:
            out.write(noise)


if __name__ == "__main__":
    main()
