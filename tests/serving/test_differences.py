import re
import subprocess
import sys

from tfdisent.serving.differences import DIFFERENCES, differences_table


def test_each_difference_is_told_once_and_whole():
    assert len({row.what for row in DIFFERENCES}) == len(DIFFERENCES)
    assert all(row.theirs and row.ours for row in DIFFERENCES)
    assert all(row.theirs != row.ours for row in DIFFERENCES)


def test_the_table_fits_a_terminal_and_holds_all():
    table = differences_table()
    assert max(map(len, table.splitlines())) <= 79
    words = " ".join(table.split())
    for row in DIFFERENCES:
        for text in (row.what, row.theirs, row.ours, row.switch):
            assert text in words


def test_the_switches_are_flags_that_exist():
    out = subprocess.run(
        [sys.executable, "-m", "tfdisent.cli.serve", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    flags = set(re.findall(r"^  --(\w+)", out, re.MULTILINE))
    named = re.findall(r"--([a-z_]+)", " ".join(r.switch for r in DIFFERENCES))
    assert set(named) - flags <= {"max"}  # "the other --max flags"
