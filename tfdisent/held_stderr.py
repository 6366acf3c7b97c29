"""What TensorFlow's C++ libraries write to stderr, held back.

They write to file descriptor 2 before any log level counts: lines on
instruction sets, oneDNN and, where there is no GPU, a failed search for CUDA.
"""

import contextlib
import os
import pathlib
import re
import sys
import tempfile

# "E0000 00:00:1795309094.353157 9114 cuda_platform.cc:52] failed call to ..."
_ERROR = re.compile(r"^[EF]\d{4} ")
_GPU_DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")


@contextlib.contextmanager
def held_back_stderr():
    """Holds back what is written to file descriptor 2; shows its errors."""
    sys.stderr.flush()
    with tempfile.TemporaryFile("w+", errors="replace") as held:
        stderr = os.dup(2)
        os.dup2(held.fileno(), 2)
        is_whole = False
        try:
            yield
            is_whole = True
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            for line in held:
                if not is_whole or _is_error(line):
                    sys.stderr.write(line)


def _is_error(line: str) -> bool:
    has_gpu = any(pathlib.Path(path).exists() for path in _GPU_DRIVERS)
    is_about_gpus = "cuInit" in line or "cuda_" in line
    return bool(_ERROR.match(line)) and (has_gpu or not is_about_gpus)
