import json

import pytest

from tfdisent.errors import UsageError
from tfdisent.training.cluster import is_chief, read_task

HOSTS = ["a:2222", "b:2222"]


def give(monkeypatch, cluster, job="worker", index=0):
    task = {"type": job, "index": index}
    monkeypatch.setenv(
        "TF_CONFIG", json.dumps({"cluster": cluster, "task": task})
    )


def test_first_worker_is_the_chief(monkeypatch):
    give(monkeypatch, {"worker": HOSTS})
    assert read_task() == ("worker", 0, 2, True)
    give(monkeypatch, {"worker": HOSTS}, index=1)
    assert read_task() == ("worker", 1, 2, False)


def test_chief_is_the_chief_where_there_is_one(monkeypatch):
    give(monkeypatch, {"chief": ["c:1"], "worker": HOSTS})
    assert read_task() == ("worker", 0, 3, False)
    give(monkeypatch, {"chief": ["c:1"], "worker": HOSTS}, job="chief")
    assert read_task() == ("chief", 0, 3, True)


def test_process_that_is_alone_is_the_chief(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert is_chief("default") and is_chief("mirrored")


@pytest.mark.parametrize(
    ("cluster", "job", "index", "problem"),
    [
        ({"worker": HOSTS}, "worker", 2, "has no worker 2"),
        ({"worker": HOSTS}, "worker", "0", "has no worker 0"),
        ({"worker": HOSTS}, "chief", 0, "has no chief 0"),
        ({"worker": HOSTS, "ps": ["p:1"]}, "worker", 0, "jobs worker, ps"),
        ({"chief": HOSTS}, "chief", 0, "several chiefs"),
        ({"worker": ["a:1", "a:1"]}, "worker", 0, "an address twice"),
        ({"worker": ["a", "b"]}, "worker", 0, "'a', which is no host:port"),
        ({"worker": [{}]}, "worker", 0, "no host:port"),
        ({"worker": 3}, "worker", 0, "TF_CONFIG is {"),
        ([], "worker", 0, "TF_CONFIG is {"),
        ({}, "worker", 0, "has no worker 0"),
    ],
)
def test_wrong_clusters_are_one_sentence(
    monkeypatch, cluster, job, index, problem
):
    give(monkeypatch, cluster, job, index)
    with pytest.raises(UsageError, match=problem) as error:
        read_task()
    assert '"index": 0' in str(error.value)  # The example.


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"cluster": {}}'])
def test_what_is_no_tf_config_is_one_sentence(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UsageError, match="needs, in the environment"):
        read_task()


def test_missing_tf_config_is_one_sentence(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(UsageError, match="TF_CONFIG is not set"):
        is_chief("multi_worker")
