#!/usr/bin/python3
# what manuals list under DIAGNOSTICS is what the programs say
# timeout: 60
"""Each message in a page's DIAGNOSTICS, taken apart at ": " and at words in
capitals, which stand for something, has to occur in strings of the sources."""
import os
import re
import subprocess
import sys

os.chdir(os.environ.get("TEST_TOP") or os.path.dirname(__file__) + "/../..")
SHORTEST = 6  # bytes; less says too little
# what stands for something, and where a message is put together of several
PARTS = re.compile(r": |, or |\b(?!DRBG|EGD|XML)[A-Z][A-Z/_.]*\b|0xNN"
                   r"|\bonerngN\b|\breason\b|\b[0-9]+\b|\.\.\.")
ERRNO = {os.strerror(number) for number in range(1, 134)}
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
# what may stand between two parts of one string
BETWEEN = re.compile(r'"\s*\n?\s*"')


def sources():
    files = subprocess.run(
        ["find", "common", "ctl", "guest-agent", "hooks", "host-agent",
         "libvirt-xml", "lxc", "-name", "*.[ch]"],
        check=True, capture_output=True, text=True).stdout.split()
    texts = []
    for name in files:
        with open(name, encoding="utf-8") as file:
            texts += LITERAL.findall(BETWEEN.sub("", file.read()))
    return "\n".join(texts)


def messages(page):
    """The texts of .It lines between DIAGNOSTICS and the next section."""
    inside = False
    with open(page, encoding="utf-8") as file:
        for line in file:
            if line.startswith(".Sh "):
                inside = line.strip() == ".Sh DIAGNOSTICS"
            elif inside and line.startswith(".It "):
                yield line[4:].strip().strip('"').replace("\\&", "")


def fragments(message):
    for part in PARTS.split(message):
        part = part.strip(" :=()")
        if len(part) >= SHORTEST and part not in ERRNO:
            yield part


def main():
    said = sources()
    count = failed = 0
    for page in sorted(os.listdir("man")):
        for message in messages("man/" + page):
            lacks = [f for f in fragments(message) if f not in said]
            count += 1
            failed += bool(lacks)
            if lacks:
                print(f"not ok {page}: {message}: nobody says {lacks}")
    if count == 0:
        print("not ok manuals have diagnostics: none was found")
    elif failed == 0:
        print(f"ok {count} messages under DIAGNOSTICS are what programs say")
    return 1 if failed or not count else 0


sys.exit(main())
