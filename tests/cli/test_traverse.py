"""What bin/traverse says to flags that it cannot follow."""

import json
import subprocess
import sys

BAD = {
    "--grid=a,b": "--grid=a,b is neither FIRST:LAST:COUNT nor",
    "--grid=": "--grid= is neither",
    "--grid=0,nan": "--grid=0,nan is neither",
    "--grid=0,1 --latents=x": "--latents=x is not",
    "--grid=0,1 --latents=-1": "write their numbers",
    "--grid=0,1": "--workdir is missing",
    "--figures=pca,x": "--figures=x is not known; choose from samples, ",
    "--format=gif": "choose from png, svg, pdf",
    "--range=0": "--range=0 is neither prior nor quantiles nor a number",
    "--range=inf": "--range=inf is neither",
    "--range=wide": "--range=wide is neither",
    "--latents=0,z1": "--latents=0,z1 is not understood",
    "--figures=pca --compare=a": "--figures and --compare draw different",
    "--range=quantiles --latents=0,1 --start=3": "--workdir is missing",
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
print(json.dumps(traverse.help_text([])))
"""


def test_flags_that_cannot_be_followed_are_told_and_help_names_figures():
    command = [sys.executable, "-c", SCRIPT, json.dumps(list(BAD))]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    *told, shown = [json.loads(line) for line in done.stdout.splitlines()]
    for expected, words in zip(BAD.values(), told, strict=True):
        assert expected in words
    for name in ("samples", "curves", "animation", "pca", "metrics"):
        assert f"\n{28 * ' '}{name}: " in shown
