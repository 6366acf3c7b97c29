"""What bin/traverse says to a grid that cannot be drawn."""

import json
import subprocess
import sys

BAD = {
    "--grid=a,b": "--grid=a,b is neither FIRST:LAST:COUNT nor",
    "--grid=": "--grid= is neither",
    "--grid=0,nan": "--grid=0,nan is neither",
    "--grid_latents=1": "--grid_latents is for --grid",
    "--grid=0,1 --grid_latents=x": "--grid_latents=x is not",
    "--grid=0,1 --grid_latents=-1": "write their numbers",
    "--grid=0,1": "--workdir is missing",
}
# In a process of its own, for the flags of two commands do not go together.
SCRIPT = """
import json, sys
from absl import flags
from tfdisent.cli import traverse
from tfdisent.errors import UsageError

for line in json.loads(sys.argv[1]):
    argv = flags.FLAGS(["bin/traverse", *line.split()])
    try:
        traverse.main(argv)
    except UsageError as error:
        print(json.dumps(str(error)))
    for name in flags.FLAGS:
        flags.FLAGS[name].unparse()
"""


def test_grids_that_cannot_be_drawn_are_told():
    command = [sys.executable, "-c", SCRIPT, json.dumps(list(BAD))]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    for expected, words in zip(BAD.values(), told, strict=True):
        assert expected in words
