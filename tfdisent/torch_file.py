"""Arrays from a file of PyTorch, without PyTorch and without its code."""

import pathlib
import pickle
import struct
from collections import OrderedDict
from typing import BinaryIO, NamedTuple

import numpy as np

from tfdisent.errors import UsageError

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_STORAGES = {"ByteStorage": "|u1", "FloatStorage": "<f4", "LongStorage": "<i8"}


class _Storage(NamedTuple):
    """Numbers that come after all pickles, under a key."""

    key: str
    dtype: str


class _Tensor(NamedTuple):
    """A part of a storage; the arguments of torch's `_rebuild_tensor_v2`.

    `_rebuild_tensor`, which PyTorch wrote before 0.4, has the first four.
    """

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    requires_grad: bool = False
    hooks: OrderedDict | None = None


_GLOBALS = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor"): _Tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _Tensor,
    **{("torch", name): dtype for name, dtype in _STORAGES.items()},
}


class _Unpickler(pickle.Unpickler):
    """Knows the names of `_GLOBALS` and refuses all others."""

    def find_class(self, module, name):
        try:
            return _GLOBALS[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"it asks for {module}.{name}"
            ) from None

    def persistent_load(self, saved_id):
        _, dtype, key, _, _, _ = saved_id
        return _Storage(key, dtype)


def load_torch_file(path: pathlib.Path) -> dict[str, np.ndarray]:
    """Reads a state dict or a tensor that PyTorch before 1.6 saved (no zip).

    The file is five pickles (magic number, protocol, machine, tensors by name,
    keys of the storages) and then the storages, each a count and its numbers.
    Nothing that the pickles ask for is imported or called, but OrderedDict.

    Args:
      path: of the file.

    Returns:
      Arrays of uint8, float32 or int64 by name; a tensor that was saved by
      itself has the name "".

    Raises:
      UsageError: it is no such file, or holds anything else.
    """
    try:
        with path.open("rb") as file:
            return _load(file)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read ({error.strerror}); give a readable file."
        ) from None
    except (
        pickle.UnpicklingError,
        ArithmeticError,
        AttributeError,
        EOFError,
        LookupError,
        TypeError,
        ValueError,
        struct.error,
    ) as error:
        raise UsageError(
            f"{path} is no state dict or tensor in PyTorch's old format "
            f"({error}); give one of uint8, float32 and int64."
        ) from None


def _load(file: BinaryIO) -> dict[str, np.ndarray]:
    head = [_Unpickler(file).load() for _ in range(3)]
    if head[:2] != [_MAGIC, _PROTOCOL] or not head[2]["little_endian"]:
        raise ValueError("its first bytes are others")
    tensors, keys = _Unpickler(file).load(), _Unpickler(file).load()
    if isinstance(tensors, _Tensor):
        tensors = {"": tensors}
    dtypes = {t.storage.key: t.storage.dtype for t in tensors.values()}
    storages = {}
    for key in keys:
        (count,) = struct.unpack("<q", file.read(8))
        dtype = np.dtype(dtypes[key])
        data = file.read(count * dtype.itemsize)
        storages[key] = np.frombuffer(data, dtype, count)
    return {name: _array(t, storages) for name, t in tensors.items()}


def _array(tensor: _Tensor, storages: dict[str, np.ndarray]) -> np.ndarray:
    storage = storages[tensor.storage.key]
    # Unlike as_strided, this refuses to look beyond the storage.
    return np.ndarray(
        tensor.shape,
        storage.dtype,
        storage.data,
        tensor.offset * storage.itemsize,
        [stride * storage.itemsize for stride in tensor.strides],
    ).copy()
