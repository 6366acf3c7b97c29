"""Stands for a command: tells how it was called."""

import json
import os
import sys

told = {
    "name": __spec__.name,
    "python": sys.executable,
    "arguments": sys.argv[1:],
    "cwd": os.getcwd(),
    "environ": dict(os.environ),
}
print(json.dumps(told))
