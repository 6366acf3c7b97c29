"""How many processors this process may use."""

import os


def num_processors() -> int:
    """Processors that this process may run on, at least 1.

    A container may be bound to fewer than the machine has. Python before 3.13
    tells so on Linux alone; elsewhere, as on macOS, it is the machine's.
    """
    if hasattr(os, "process_cpu_count"):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
