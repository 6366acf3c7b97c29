import io
import os
import pickle
import struct
from collections import OrderedDict

import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.torch_file import load_torch_file

HEAD = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]


class Global:
    """Pickled as the name of what is not installed here."""

    def __init__(self, name):
        self.name = name


class Storage:
    def __init__(self, kind, key, values):
        self.kind, self.key, self.values = kind, key, values


class Tensor:
    def __init__(self, storage, offset, shape, strides):
        self.arguments = storage, offset, shape, strides, False, OrderedDict()


class Pickler(pickle._Pickler):
    """Writes tensors as PyTorch does, by the names of its classes."""

    rebuild = b"_rebuild_tensor_v2"

    def save(self, value, *args, **kwargs):
        if isinstance(value, Global):
            self.write(b"c" + value.name.replace(".", "\n").encode() + b"\n")
        elif isinstance(value, Tensor):
            self.write(b"ctorch._utils\n" + self.rebuild + b"\n")
            self.save(value.arguments)
            self.write(pickle.REDUCE)
        else:
            super().save(value, *args, **kwargs)

    def persistent_id(self, value):
        if isinstance(value, Storage):
            count = len(value.values)
            kind = Global(f"torch.{value.kind}")
            return "storage", kind, value.key, "cpu", count, None


def written(path, tensors, *storages, head=HEAD, extra=b""):
    with path.open("wb") as file:
        for part in [*head, tensors, [s.key for s in storages]]:
            Pickler(file, protocol=2).dump(part)
        for storage in storages:
            file.write(struct.pack("<q", len(storage.values)))
            file.write(storage.values.tobytes())
        file.write(extra)
    return path


FLOATS = Storage("FloatStorage", "7", np.arange(12, dtype="<f4"))
LONGS = Storage("LongStorage", "8", np.array([5], "<i8"))


def test_reads_tensors_with_offsets_strides_and_shared_storages(tmp_path):
    tensors = OrderedDict(
        rows=Tensor(FLOATS, 0, (3, 4), (4, 1)),
        columns=Tensor(FLOATS, 0, (4, 3), (1, 4)),
        end=Tensor(FLOATS, 10, (2,), (1,)),
        count=Tensor(LONGS, 0, (), ()),
    )
    path = written(tmp_path / "weights.pth", tensors, FLOATS, LONGS)
    arrays = load_torch_file(path)
    rows = np.arange(12).reshape(3, 4)
    assert list(arrays) == ["rows", "columns", "end", "count"]
    np.testing.assert_array_equal(arrays["rows"], rows)
    np.testing.assert_array_equal(arrays["columns"], rows.T)
    np.testing.assert_array_equal(arrays["end"], [10, 11])
    np.testing.assert_array_equal(arrays["count"], 5)
    assert [a.dtype for a in arrays.values()] == ["f4", "f4", "f4", "i8"]


@pytest.mark.parametrize("rebuild", [b"_rebuild_tensor_v2", b"_rebuild_tensor"])
def test_reads_a_tensor_by_itself_of_old_and_older_versions(
    tmp_path, monkeypatch, rebuild
):
    pixels = Storage("ByteStorage", "9", np.arange(250, 256, dtype=np.uint8))
    tensor = Tensor(pixels, 0, (2, 3), (3, 1))
    if rebuild == b"_rebuild_tensor":
        tensor.arguments = tensor.arguments[:4]
    monkeypatch.setattr(Pickler, "rebuild", rebuild)
    path = written(tmp_path / "faces.pth", tensor, pixels)
    arrays = load_torch_file(path)
    assert list(arrays) == [""]
    assert arrays[""].dtype == np.uint8
    np.testing.assert_array_equal(
        arrays[""], [[250, 251, 252], [253, 254, 255]]
    )


class Attack:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("part", range(5))
@pytest.mark.parametrize(
    "name", ["mkdir", "eval", "getattr", "Half", "BytesIO"]
)
def test_refuses_all_other_globals_in_all_parts(tmp_path, part, name):
    attack = {
        "mkdir": Attack(os.mkdir, str(tmp_path / "hacked")),
        "eval": Attack(eval, f"__import__('os').mkdir('{tmp_path}/hacked')"),
        "getattr": Attack(getattr, OrderedDict, "fromkeys"),
        "Half": Global("torch.HalfStorage"),
        "BytesIO": Attack(io.BytesIO),
    }[name]
    parts = [*HEAD, OrderedDict(), []]
    parts[part] = attack
    path = tmp_path / "weights.pth"
    with path.open("wb") as file:
        for value in parts:
            Pickler(file, protocol=2).dump(value)
    with pytest.raises(UsageError, match=f"asks for .*{name}"):
        load_torch_file(path)
    assert not (tmp_path / "hacked").exists()


@pytest.mark.parametrize(
    "tensor",
    [
        Tensor(FLOATS, 8, (5,), (1,)),
        Tensor(FLOATS, 0, (3, 4), (5, 1)),
        Tensor(FLOATS, -1, (2,), (1,)),
        Tensor(FLOATS, 0, (2,), (-1,)),
        Tensor(FLOATS, 0, ("a",), (1,)),
        "no tensor",
    ],
)
def test_refuses_tensors_beyond_their_storage(tmp_path, tensor):
    path = written(tmp_path / "w.pth", OrderedDict(bad=tensor), FLOATS)
    with pytest.raises(UsageError, match="w.pth is no state dict or tensor"):
        load_torch_file(path)


@pytest.mark.parametrize(
    "head",
    [
        [1, *HEAD[1:]],
        [HEAD[0], 1002, HEAD[2]],
        [*HEAD[:2], {"little_endian": False}],
        [*HEAD[:2], {}],
        [*HEAD[:2], 3],
    ],
)
def test_refuses_other_heads(tmp_path, head):
    path = written(tmp_path / "w.pth", OrderedDict(), head=head)
    with pytest.raises(UsageError, match="w.pth is no state dict or tensor"):
        load_torch_file(path)


def test_refuses_cut_and_empty_and_foreign_and_missing_files(tmp_path):
    tensors = OrderedDict(a=Tensor(FLOATS, 0, (12,), (1,)))
    path = written(tmp_path / "w.pth", tensors, FLOATS)
    data = path.read_bytes()
    for bad in (data[:-1], data[:-50], data[:100], b"", b"PK\x03\x04 a zip"):
        path.write_bytes(bad)
        with pytest.raises(
            UsageError, match="w.pth is no state dict or tensor"
        ):
            load_torch_file(path)
    with pytest.raises(UsageError, match="missing.pth cannot be read"):
        load_torch_file(tmp_path / "missing.pth")
