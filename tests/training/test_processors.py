import os

import pytest

from tfdisent.training.processors import num_processors

KNOWN = {
    "process_cpu_count": lambda: 3,
    "sched_getaffinity": lambda process: {0, 7},
    "cpu_count": lambda: 8,
}


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (["process_cpu_count", "sched_getaffinity", "cpu_count"], 3),
        (["sched_getaffinity", "cpu_count"], 2),
        (["cpu_count"], 8),
    ],
)
def test_it_asks_what_the_system_has(monkeypatch, there, expected):
    for name, function in KNOWN.items():
        monkeypatch.delattr(os, name, raising=False)
        if name in there:
            monkeypatch.setattr(os, name, function, raising=False)
    assert num_processors() == expected


@pytest.mark.parametrize("name", ["process_cpu_count", "cpu_count"])
def test_there_is_one_where_the_system_does_not_know(monkeypatch, name):
    for other in KNOWN:
        monkeypatch.delattr(os, other, raising=False)
    monkeypatch.setattr(os, name, lambda: None, raising=False)
    assert num_processors() == 1
