"""The workers of a run on several machines, as TF_CONFIG names them."""

import json
import os
from typing import NamedTuple

from tfdisent.errors import UsageError

_EXAMPLE = (
    'TF_CONFIG=\'{"cluster": {"worker": ["host1:2222", "host2:2222"]}, '
    '"task": {"type": "worker", "index": 0}}\''
)


class Task(NamedTuple):
    """The place of this process among the workers.

    Attributes:
      job: "worker", or "chief" where the cluster has one.
      index: Its number in the job, from 0.
      num_workers: Of all jobs.
      is_chief: Whether it is the one that writes the run.
    """

    job: str
    index: int
    num_workers: int
    is_chief: bool

    def __str__(self):
        return f"{self.job} {self.index} of {self.num_workers} workers"


def is_chief(strategy: str) -> bool:
    """Whether this process writes the run; where it is alone, it does."""
    return strategy != "multi_worker" or read_task().is_chief


def read_task() -> Task:
    """Reads TF_CONFIG, which every worker has in its environment.

    Raises:
      UsageError: If it is missing or describes no cluster of workers.
    """
    text = os.environ.get("TF_CONFIG")
    if not text:
        raise _error("TF_CONFIG is not set")
    try:
        fields = json.loads(text)
        cluster, task = fields["cluster"], fields["task"]
        job, index = task["type"], task["index"]
        hosts = [host for job in cluster.values() for host in job]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise _error(f"TF_CONFIG is {text}") from None
    _check(cluster, hosts, job, index)
    return Task(
        job, index, len(hosts), index == 0 and job == _chief_job(cluster)
    )


def _check(cluster: dict, hosts: list, job: str, index: int) -> None:
    if not set(cluster) <= {"chief", "worker"}:
        raise _error(f"TF_CONFIG names the jobs {', '.join(cluster)}")
    if len(cluster.get("chief", [])) > 1:
        raise _error("TF_CONFIG names several chiefs")
    if len(set(map(str, hosts))) < len(hosts):
        raise _error("TF_CONFIG names an address twice")
    for host in hosts:
        if not isinstance(host, str) or not _is_address(host):
            raise _error(f"TF_CONFIG names {host!r}, which is no host:port")
    if job not in cluster or index not in range(len(cluster[job])):
        raise _error(f"TF_CONFIG has no {job} {index} in its cluster")


def _is_address(host: str) -> bool:
    name, _, port = host.rpartition(":")
    return bool(name) and port.isdecimal() and 0 < int(port) < 2**16


def _chief_job(cluster: dict) -> str:
    return "chief" if cluster.get("chief") else "worker"


def _error(problem: str) -> UsageError:
    return UsageError(
        f"{problem}; --strategy=multi_worker needs, in the environment of "
        f"every worker, the addresses of all and its own place, as in "
        f"{_EXAMPLE}."
    )
