import numpy as np
import pytest

from tfdisent.data import dsprites_tfds, tfds_writer
from tfdisent.data.dsprites import load_dsprites
from tfdisent.errors import RunError


def test_a_set_that_is_not_whole_is_refused(dsprites, tmp_path):
    tfds_writer.prepare(dsprites, tmp_path, range(300))
    with pytest.raises(RunError, match="has 300 of the 737280 combinations"):
        load_dsprites(tfds_data_dir=str(tmp_path))


@pytest.mark.slow
def test_the_whole_set_comes_back_in_order(tmp_path, dsprites, packed):
    tfds_writer.prepare(dsprites, tmp_path)
    read, provenance = dsprites_tfds.read_packed(tmp_path)
    np.testing.assert_array_equal(read, packed)
    assert provenance.startswith("rendered for the tests by TFDS 2.0.0, 0 ")
