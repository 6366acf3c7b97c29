import pytest
from absl import flags
from absl.testing import flagsaver

from tfdisent.cli import traverse
from tfdisent.errors import UsageError


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--grid=a,b"], "--grid=a,b is neither FIRST:LAST:COUNT nor"),
        (["--grid="], "--grid= is neither"),
        (["--grid=0,nan"], "--grid=0,nan is neither"),
        (["--grid_latents=1"], "--grid_latents is for --grid"),
        (["--grid=0,1", "--grid_latents=x"], "--grid_latents=x is not"),
        (["--grid=0,1", "--grid_latents=-1"], "write their numbers"),
        (["--grid=0,1"], "--workdir is missing"),
    ],
)
def test_a_grid_that_cannot_be_drawn_is_told(given, words):
    with flagsaver.flagsaver():
        flags.FLAGS(["bin/traverse", *given])
        with pytest.raises(UsageError, match=words):
            traverse.main(["bin/traverse"])
