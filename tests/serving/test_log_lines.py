import logging
import re
import sys

from tfdisent.serving.log_lines import LineFormatter


def line(message, *arguments, exc_info=None):
    record = logging.LogRecord(
        "name", logging.WARNING, "file", 1, message, arguments, exc_info
    )
    return LineFormatter().format(record)


def test_a_line_has_time_level_and_message():
    assert re.fullmatch(
        r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ WARNING 3 requests",
        line("%d %s", 3, "requests"),
    )


def test_a_name_cannot_forge_a_line():
    forged = "m\n2026-01-01T00:00:00Z INFO\r\x1b[31m\u2028\x85\0"
    text = line("model %r, %s", forged, forged)
    assert len(text.splitlines()) == 1 and text.isprintable()
    assert r"\n2026-01-01" in text and r"\x1b[31m\u2028\x85\x00" in text


def test_names_in_any_script_stay():
    assert line("модель 猫").endswith("модель 猫")


def test_a_trace_is_one_line():
    try:
        raise KeyError("gone")
    except KeyError:
        text = line("failed", exc_info=sys.exc_info())
    assert text.isprintable()
    assert "Traceback" in text and "KeyError: 'gone'" in text
