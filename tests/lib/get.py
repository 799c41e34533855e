"""Prints what stands at a path such as devices.0.state in the JSON it reads."""
import json
import sys

value = json.load(sys.stdin)
try:
    for word in sys.argv[1].split("."):
        value = value[int(word) if isinstance(value, list) else word]
except (KeyError, IndexError, TypeError, ValueError):
    sys.exit(1)
print(value if isinstance(value, str) else json.dumps(value))
