"""Stands for pip: notes the call, then fails or installs the project."""

import os
import sys
import time
from pathlib import Path

with open(os.environ["CALLS"], "a") as calls:
    print("pip", *sys.argv[2:], file=calls, flush=True)
    time.sleep(float(os.environ.get("PIP_SLEEPS", 0)))
    if "PIP_FAILS" in os.environ:
        sys.exit(os.environ["PIP_FAILS"])
    Path(__file__).with_name("tfdisent.pth").write_text(os.getcwd())
    print("installed", file=calls)
