"""Stands for Python's venv: notes the call, then fails or copies a folder."""

import os
import shutil
import sys

with open(os.environ["CALLS"], "a") as calls:
    calls.write("venv\n")
if "VENV_FAILS" in os.environ:
    sys.exit(os.environ["VENV_FAILS"])
shutil.rmtree(sys.argv[-1], ignore_errors=True)
shutil.copytree(os.environ["WITH_PIP"], sys.argv[-1], symlinks=True)
