"""The requests that a server replays before it serves a version.

They make a version with lost variables fail to load, where it would be served
and fail each request, and take the cost of the first call of each signature.
"""

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from tfdisent.export.contract import WARM_UP_FILE
from tfdisent.export.gate import Example
from tfdisent.export.messages import PredictionLog
from tfdisent.export.tensors import to_proto


def write_warm_up(version: Path, examples: Sequence[Example]) -> None:
    """Writes the calls of examples, one record each.

    Args:
      version: directory of the SavedModel.
      examples: at most 1,000, of which the inputs are written.
    """
    file = version / WARM_UP_FILE
    file.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(file)) as writer:
        for example in examples:
            log = PredictionLog()
            request = log.predict_log.request
            request.model_spec.signature_name = example.signature
            for name, array in example.inputs.items():
                request.inputs[name].CopyFrom(to_proto(array))
            writer.write(log.SerializeToString(deterministic=True))
