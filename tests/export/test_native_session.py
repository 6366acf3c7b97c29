import importlib.util
from types import SimpleNamespace

import numpy as np
import pytest

from tfdisent.errors import RunError
from tfdisent.export.native_library import library_files
from tfdisent.export.native_run import NativeCall, run_native


def test_missing_tensorflow_is_one_clear_sentence(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RunError, match="pip install tensorflow"):
        library_files()


def test_missing_library_is_named(monkeypatch, tmp_path):
    wheel = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: wheel)
    with pytest.raises(RunError, match="libtensorflow_framework"):
        library_files()


def test_what_is_no_saved_model_does_not_load(tmp_path):
    with pytest.raises(RunError, match="does not run.*SavedModel"):
        run_native(tmp_path, [])


def test_unknown_tensors_and_dtypes_are_named(exported):
    unknown, half = run_native(
        exported,
        [
            NativeCall({}, ["no_such:0"]),
            NativeCall({"encode_images:0": np.zeros(3, np.float16)}, []),
        ],
    )
    assert "'no_such'" in unknown
    assert "float16" in half
