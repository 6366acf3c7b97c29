import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.metrics.model_centrality import model_centrality

FAST = {"batch_size": 32, "num_train": 60, "num_test": 60, "num_std": 200}
MIXING = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]


class Linear:
    """Images are latents times a matrix; codes undo it."""

    def __init__(self, matrix, latents=range(5), scale=1.0):
        self.matrix = np.asarray(matrix)
        self.inverse = np.linalg.pinv(self.matrix) * scale
        self.latents = latents

    def sample_prior(self, n, rng):
        return rng.standard_normal((n, len(self.matrix)))

    def decode(self, latents):
        return latents @ self.matrix

    def encode(self, images):
        return images @ self.inverse


class Blind(Linear):
    """Codes that do not depend on the image."""

    def encode(self, images):
        return np.full((len(images), 3), 0.1)


class Noisy(Linear):
    """Codes that have nothing to do with the image."""

    def encode(self, images):
        seed = abs(int(1e6 * images.ravel()[0]))
        return np.random.default_rng(seed).normal(size=(len(images), 5))


def centrality(*models, seed=0, **options):
    rng = np.random.default_rng(seed)
    return model_centrality(models, rng, **(FAST | options))


def slow_accuracy(generator, encoder, rng, batch=32, votes=100):
    """FactorVAE score of the encoder's codes, the generator's the factors."""
    std = encoder.encode(
        generator.decode(generator.sample_prior(1_000, rng))
    ).std(axis=0)
    tables = np.zeros((2, len(std), len(generator.latents)))
    for table in tables:
        for vote in range(votes):
            k = vote % len(generator.latents)
            z = generator.sample_prior(batch, rng)
            z[:, generator.latents[k]] = z[0, generator.latents[k]]
            codes = encoder.encode(generator.decode(z)) / std
            table[codes.var(axis=0).argmin(), k] += 1
    train, test = tables
    return sum(test[d, train[d].argmax()] for d in range(len(std))) / votes


def test_models_equal_but_for_order_and_sign_score_one():
    eye = np.eye(5)
    result = centrality(
        Linear(eye), Linear(eye[::-1]), Linear(-3 * eye[[1, 0, 4, 2, 3]])
    )
    assert result["scores"].tolist() == [1, 1, 1]
    assert result["accuracy"].tolist() == (1 - np.eye(3)).tolist()


def test_agrees_with_slow_loops():
    models = [Linear(np.eye(5)), Linear(MIXING)]
    found = [centrality(*models, seed=s, num_test=200) for s in range(5)]
    found = np.mean([f["accuracy"] for f in found], axis=0)
    rng = np.random.default_rng(0)
    for i, j in ((0, 1), (1, 0)):
        slow = [slow_accuracy(models[i], models[j], rng) for _ in range(5)]
        assert found[i, j] == pytest.approx(np.mean(slow), abs=0.12)


def test_scores_are_means_of_both_directions():
    # Model 2 generates with two latents alone, and codes all the five.
    result = centrality(
        Linear(np.eye(5)), Linear(MIXING), Linear(np.eye(5), latents=[0, 3])
    )
    accuracy = result["accuracy"]
    assert accuracy[2, 0] == 1 and np.diag(accuracy).tolist() == [0, 0, 0]
    for i in range(3):
        others = [j for j in range(3) if j != i]
        expected = np.mean([accuracy[i, j] + accuracy[j, i] for j in others])
        assert result["scores"][i] == pytest.approx(expected / 2)
    assert result["medoid"] == result["scores"].argmax()


def test_medoid_is_one_of_the_majority():
    eye = np.eye(5)
    result = centrality(Linear(MIXING), Linear(eye), Linear(-eye), Linear(eye))
    assert result["scores"][0] < result["scores"][1:].min() - 0.05
    assert result["medoid"] in (1, 2, 3)


def test_noise_is_at_chance_on_fresh_votes():
    models = Linear(np.eye(5)), Noisy(np.eye(5))
    few = [centrality(*models, seed=s, num_test=10) for s in range(20)]
    accuracy = np.mean([f["accuracy"] for f in few], axis=0)
    assert accuracy[0, 1] == pytest.approx(0.2, abs=0.12)
    assert accuracy[1, 0] == 1


def test_one_latent_is_fixed_at_a_value_drawn_for_each_vote():
    seen = []

    class Seen(Linear):
        def decode(self, latents):
            seen.append(latents.copy())
            return super().decode(latents)

    centrality(Seen(np.eye(5), latents=[4, 1]), Linear(np.eye(5)))
    votes = np.concatenate(seen[1:]).reshape(-1, 32, 5)  # [0] is for the std
    assert len(votes) == 120
    constant = np.ptp(votes, axis=1) == 0
    assert (constant.argmax(axis=1) == np.tile([4, 1], 60)).all()
    assert (constant.sum(axis=1) == 1).all()
    assert len(set(votes[:, 0, 1])) == len(set(votes[:, 0, 4])) == 120


def test_scales_of_codes_do_not_matter():
    eye, scales = Linear(np.eye(5)), np.array([0.1, 1, 10, 5, 0.3])
    scaled = centrality(eye, Linear(MIXING, scale=scales))
    same = centrality(eye, Linear(MIXING))
    assert scaled["accuracy"].tolist() == same["accuracy"].tolist()
    assert same["scores"][0] < 1


def test_noise_latents_are_not_fixed():
    """A GAN with two codes and three columns of noise."""
    gan = Linear(np.eye(5), latents=[1, 4])
    assert centrality(gan, gan)["scores"].tolist() == [1, 1]


def test_constant_codes_score_zero_with_a_warning():
    with pytest.warns(UserWarning, match="1 of 1 models the images of model 0"):
        accuracy = centrality(Linear(np.eye(5)), Blind(np.eye(5)))["accuracy"]
    assert accuracy.tolist() == [[0, 0], [1, 0]]
    small = Linear(np.eye(5), scale=0.01)
    with pytest.warns(UserWarning, match="model_centrality"):
        centrality(Linear(np.eye(5)), small)
    result = centrality(Linear(np.eye(5)), small, threshold=0.001)
    assert result["scores"].tolist() == [1, 1]


def test_dead_code_does_not_vote():
    class Dead(Linear):
        def encode(self, images):
            return np.hstack([np.zeros((len(images), 1)), images])

    result = centrality(Linear(np.eye(5)), Dead(np.eye(5)))
    assert result["scores"].tolist() == [1, 1]


def test_latents_of_the_model_are_not_written_to():
    drawn = np.random.default_rng(0).normal(size=(5_000, 5))
    copy = drawn.copy()

    class Kept(Linear):
        def sample_prior(self, n, rng):
            return np.asfortranarray(drawn)[:n]

    result = centrality(Kept(np.eye(5)), Linear(np.eye(5)))
    assert (drawn == copy).all()
    assert result["scores"].tolist() == [1, 1]


def test_same_seed_same_value():
    models = [Linear(np.eye(5)), Linear(MIXING)]
    first, again, other = (centrality(*models, seed=s) for s in (3, 3, 4))
    assert (first["accuracy"] == again["accuracy"]).all()
    assert (first["accuracy"] != other["accuracy"]).any()


def test_blocks_of_images_make_no_difference_to_what_is_fixed():
    eye = np.eye(5)
    counts = {"batch_size": 3_000, "num_train": 5, "num_test": 5}
    result = centrality(Linear(eye), Linear(eye), **counts)
    assert result["scores"].tolist() == [1, 1]


@pytest.mark.parametrize(
    "models, options, text",
    [
        ([Linear(np.eye(5))], {}, "got 1 model"),
        ([], {}, "got 0 model"),
        ([Linear(np.eye(5), [0])] * 2, {}, "two or more different columns"),
        ([Linear(np.eye(5), [0, 0])] * 2, {}, "two or more different"),
        ([Linear(np.eye(5), [0, 5])] * 2, {}, "columns of the 5"),
        ([Linear(np.eye(5))] * 2, {"num_train": 4}, "num_train is 4"),
        ([Linear(np.eye(5))] * 2, {"batch_size": 1}, "batch_size"),
        ([Linear(np.eye(5))] * 2, {"num_test": 0}, "num_test"),
        ([Linear(np.eye(5))] * 2, {"num_std": 1}, "num_std"),
        ([Linear(np.eye(5))] * 2, {"threshold": -1}, "threshold is -1"),
        ([Linear(np.eye(5), scale=np.nan)] * 2, {}, "NaN"),
    ],
)
def test_refuses_arguments(models, options, text):
    with pytest.raises(UsageError, match=text):
        centrality(*models, **options)
