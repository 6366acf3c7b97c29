import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent.models.vae import VAE


@pytest.fixture(scope="session")
def model(squares):
    """A VAE that has seen the squares 300 times."""
    model = VAE.from_dataset(squares, num_latents=4)
    model.compile({"vae": keras.optimizers.Adam(1e-3)})
    images = squares.images(np.arange(75)).astype("f") / 255
    batches = tf.data.Dataset.from_tensors(images).repeat()
    model.fit(batches, steps_per_epoch=300, shuffle=False, verbose=0)
    return model
