"""Codes of a model's encoder."""

import tensorflow as tf

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.evaluation.dataset_codes import DatasetPosteriors
from tfdisent.models.base import LatentModel


class ModelCodes(DatasetPosteriors):
    """q(z|x) of a data set's images, with its mean as code.

    The default networks encode 15,000 dSprites images a second on 2 cores;
    reading the images is a tenth to a quarter of that time.

    Args:
      model: Trained or not; the weights it has when a code is first asked for
        are those that count.
      dataset: Where the images are.
      **described: For `DatasetPoints`.
    """

    def __init__(self, model: LatentModel, dataset: FactorDataset, **described):
        @tf.function(
            input_signature=[tf.TensorSpec([None, *model.image_shape])]
        )
        def encode(images):
            posterior = model.encode(images)
            return posterior.mean(), posterior.stddev()

        super().__init__(dataset, encode, **described)
        self._encode = encode
        self.model = model
