"""A small model and the means to call its export as a server would."""

import math

import keras
import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow.core.protobuf import saved_model_pb2

from tfdisent.export.native_run import NativeCall, run_native
from tfdisent.export.saved_model import export_model

tfd = tfp.distributions


class TinyModel(keras.Model):
    """Two dense layers; the decoder's mean leaves [0, 1].

    Two channels have no PNG forms; 1 and 3 have.
    """

    num_latents = 5
    num_noise = 0

    def __init__(self, image_shape=(4, 3, 2)):
        super().__init__()
        self.image_shape = image_shape
        keras.utils.set_random_seed(1)
        self.encoder = keras.Sequential(
            [keras.layers.Flatten(), keras.layers.Dense(2 * self.num_latents)]
        )
        self.decoder = keras.Sequential(
            [
                keras.layers.Dense(math.prod(image_shape)),
                keras.layers.Reshape(image_shape),
            ]
        )

    def encode(self, images):
        loc, log_scale = tf.split(self.encoder(images), 2, axis=-1)
        return tfd.Normal(loc, tf.exp(log_scale))

    def decode(self, codes):
        return tfd.Independent(tfd.Normal(self.decoder(codes), 1.0), 3)


def read_meta_graph(directory):
    content = (directory / "saved_model.pb").read_bytes()
    return saved_model_pb2.SavedModel.FromString(content).meta_graphs[0]


def serve(directory, calls):
    """Answers [(signature, {input: array})] with {output: array} or an error.

    Everything runs in one C++ session of a new process.
    """
    signatures = read_meta_graph(directory).signature_def
    native = [
        NativeCall(
            {
                signatures[name].inputs[key].name: array
                for key, array in inputs.items()
            },
            [info.name for info in signatures[name].outputs.values()],
        )
        for name, inputs in calls
    ]
    return [
        answer
        if isinstance(answer, str)
        else dict(zip(signatures[name].outputs, answer, strict=True))
        for (name, _), answer in zip(
            calls, run_native(directory, native), strict=True
        )
    ]


def export_tiny_model(directory):
    """What a process does that a test kills."""
    export_model(TinyModel(), directory)
