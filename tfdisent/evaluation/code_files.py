"""Anybody's codes: from a file of arrays, or from a function of factors."""

import importlib
import importlib.util
import inspect
import pathlib
import sys
import zipfile
from collections.abc import Callable, Sequence

import numpy as np

from tfdisent.errors import UsageError
from tfdisent.metrics import codes as codes_lib
from tfdisent.metrics.samplers import FunctionSampler, TableSampler


class PosteriorTable(TableSampler):
    """A table whose codes are the means of Gaussians q(z|x).

    Args:
      codes: [n, D] means.
      stddev: [n, D] standard deviations above 0.
      factors: See `metrics.samplers.TableSampler`.
      factor_names: Likewise.

    Raises:
      UsageError: If the arrays are of another form, or do not match.
    """

    def __init__(
        self,
        codes: np.ndarray,
        stddev: np.ndarray,
        factors: np.ndarray | None = None,
        factor_names: Sequence[str] | None = None,
    ):
        super().__init__(codes, factors, factor_names)
        if stddev.shape != codes.shape:
            raise UsageError(
                f"The codes have shape {codes.shape} and stddev "
                f"{stddev.shape}; give one standard deviation for each code."
            )
        self._stddev = codes_lib.check_codes(stddev, len(stddev))
        if not (self._stddev > 0).all():
            raise UsageError(
                f"Some of stddev are 0 or less, the least is "
                f"{self._stddev.min():g}; give standard deviations above 0."
            )

    def posteriors(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.codes(points), self._stddev[points]


def load_codes(
    path: str | pathlib.Path, factor_names: Sequence[str] | None = None
) -> TableSampler:
    """Reads codes from an .npz file, as np.savez writes it.

    Its arrays: codes [n, D]; factors [n, K], whole numbers from 0, for metrics
    that need them; factor_names [K]; stddev [n, D], for metrics that need
    q(z|x), of which codes are then the means. Others are not read.

    Args:
      path: Of the file.
      factor_names: K names, in the place of the file's.

    Raises:
      UsageError: If the file cannot be read, or lacks codes, or an array is of
        another form than the others or holds Python objects.
    """
    arrays = _read(pathlib.Path(path))
    if factor_names is None and "factor_names" in arrays:
        factor_names = [str(name) for name in arrays["factor_names"].ravel()]
    codes, factors = arrays["codes"], arrays.get("factors")
    try:
        if "stddev" in arrays:
            return PosteriorTable(
                codes, arrays["stddev"], factors, factor_names
            )
        return TableSampler(codes, factors, factor_names)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def _read(path: pathlib.Path) -> dict[str, np.ndarray]:
    """The arrays of a file that `load_codes` knows."""
    known = ("codes", "factors", "factor_names", "stddev")
    try:
        file = np.load(path, allow_pickle=False)
        if isinstance(file, np.ndarray):
            raise ValueError("it holds one array without a name")
        with file:
            found = ", ".join(file.files) or "nothing"
            arrays = {name: file[name] for name in known if name in file}
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror or error}."
        ) from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(
            f"{path} is no .npz file of plain arrays, as np.savez writes it."
        ) from error
    if "codes" not in arrays:
        raise UsageError(
            f"{path} holds {found}; it must hold an array named codes, and "
            "factors for most metrics."
        )
    return arrays


def function_codes(
    name: str,
    factor_sizes: Sequence[int],
    factor_names: Sequence[str] | None = None,
) -> FunctionSampler:
    """Codes that a Python function computes from factors.

    Args:
      name: "package.module:function" or "path/file.py:function"; the function
        maps factors [n, K] int64 to codes [n, D]. Its module is executed.
      factor_sizes: K numbers of values, such as a data set's.
      factor_names: K names.

    Raises:
      UsageError: If there is no such function or its module fails.
    """
    function = _function(name)

    def codes_of(factors):
        try:
            return function(factors)
        except Exception as error:  # Whatever a user's function may raise.
            raise UsageError(
                f"{name} failed on factors of shape {factors.shape}: "
                f"{type(error).__name__}: {error}."
            ) from error

    return FunctionSampler(factor_sizes, codes_of, factor_names)


def source_file(name: str) -> str:
    """Path of the file that defines the function of `function_codes`.

    Raises:
      UsageError: If there is no such function, or it has no file.
    """
    function = inspect.unwrap(_function(name))
    try:
        return inspect.getsourcefile(function) or ""
    except TypeError as error:
        raise UsageError(
            f"{name} is not written in Python; give a Python function."
        ) from error


def _function(name: str) -> Callable:
    module_name, _, function_name = name.rpartition(":")
    if not module_name or not function_name:
        raise UsageError(
            f"{name!r} names no function; write package.module:function or "
            "path/file.py:function."
        )
    try:
        module = _module(module_name)
    except Exception as error:  # Whatever a user's file may raise.
        raise UsageError(
            f"{module_name} cannot be imported: {type(error).__name__}: "
            f"{error}."
        ) from error
    function = getattr(module, function_name, None)
    if not callable(function):
        raise UsageError(
            f"{module_name} has no function {function_name!r}; give the name "
            "of one that maps factors [n, K] to codes [n, D]."
        )
    return function


def _module(name: str):
    if not name.endswith(".py"):
        return importlib.import_module(name)
    path = pathlib.Path(name)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)  # as dataclasses need it
    spec.loader.exec_module(module)
    return module
