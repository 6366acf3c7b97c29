import pytest

from tfdisent.errors import RunError, UsageError
from tfdisent.training.config import ExperimentConfig, steps_of_epochs


def test_survives_json(tmp_path):
    config = ExperimentConfig(
        model="beta_vae",
        hparams={"beta": 8.0},
        subsets=("x_position<=16",),
        steps=7,
    )
    config.save(tmp_path / "config.json")
    loaded = ExperimentConfig.load(tmp_path / "config.json")
    assert loaded == config
    assert not loaded.differences(config)


def test_a_default_that_is_written_out_is_no_difference():
    written = ExperimentConfig(model="beta_tcvae", hparams={"beta": 6.0})
    assert not written.differences(ExperimentConfig(model="beta_tcvae"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "gan"}, "'gan'.*vae, beta_vae, beta_tcvae"),
        ({"hparams": {"lambda_d": 1.0}}, "not take --lambda_d; it takes --be"),
        ({"steps": 0}, "steps is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"learning_rate": 0.0}, "learning_rate is 0"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"optimizer": "sgd"}, "'sgd'.*adam, adagrad, rmsprop"),
        ({"learning_rate_schedule": "cosine"}, "'cosine'.*constant, last"),
        ({"strategy": "tpu"}, "'tpu'.*default, mirrored"),
        ({"jit_compile": "yes"}, "'yes'.*auto, on, off"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_bad_values_are_named(changes, message):
    with pytest.raises(UsageError, match=message):
        ExperimentConfig(**{"model": "beta_vae", **changes})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "is no run: it has no config.json"),
        ('{"model": "beta', "is no configuration"),
        ('{"model": "beta_vae"}', "is no configuration"),
        ('{"model": "beta_vae", "subsets": [], "x": 1}', "unexpected keyword"),
    ],
)
def test_files_that_are_no_configuration(tmp_path, text, message):
    path = tmp_path / "config.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(RunError, match=message):
        ExperimentConfig.load(path)


def test_epochs_are_rounded_up_to_whole_steps():
    assert steps_of_epochs(2, 75, 16) == 10  # 150 images in 9.4 batches
    with pytest.raises(UsageError, match="epochs is 0"):
        steps_of_epochs(0, 75, 16)


def test_what_json_cannot_hold_is_refused_in_words():
    with pytest.raises(UsageError, match="architecture is <function .* `fit`"):
        ExperimentConfig(model="vae", hparams={"architecture": lambda: None})
