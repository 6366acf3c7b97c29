import warnings

import numpy as np

from tfdisent.evaluation.warned import warned


def test_each_text_is_kept_once_whatever_its_kind():
    with warned() as texts:
        for _ in range(2):
            warnings.warn("few rows", stacklevel=1)
            np.float64(1) / np.zeros(1)
        warnings.warn("old name", DeprecationWarning, stacklevel=1)
    assert texts == ["few rows", "divide by zero encountered in divide"]
