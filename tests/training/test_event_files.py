"""What TensorBoard gets: read back, and without an effect on training."""

import json

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)
from tensorboard.util import tensor_util

from tfdisent.errors import RunError
from tfdisent.training import trainer
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.event_files import EventFiles, is_due
from tfdisent.training.pictures import (
    GAP,
    MOST_ROWS,
    NUM_SHOWN,
    VALUES,
    Pictures,
    mosaic,
)
from tfdisent.training.trainer import train

SIDE = 16 + GAP


def make_config(**changes):
    settings = {
        "model": "beta_vae",
        "hparams": {"num_latents": 3, "architecture": "mlp"},
        "steps": 60,
        "batch_size": 16,
        **changes,
    }
    return ExperimentConfig(**settings)


def weights(model):
    return np.concatenate([w.ravel() for w in model.get_weights()])


def read(workdir):
    """Tag -> (steps, values) of all event files."""
    events = EventAccumulator(
        str(workdir / "tensorboard"), size_guidance={"tensors": 0}
    ).Reload()
    found = {}
    for tag in events.Tags()["tensors"]:
        each = events.Tensors(tag)
        values = [tensor_util.make_ndarray(e.tensor_proto) for e in each]
        found[tag] = [e.step for e in each], values
    return found


class Crash(Exception):
    pass


def test_a_run_that_broke_off_has_every_step_once_and_the_same_bits(
    squares, tmp_path, monkeypatch
):
    class Crashing(trainer.Safekeeping):
        def on_train_batch_end(self, batch, logs=None):
            super().on_train_batch_end(batch, logs)
            if self._step == 30:  # as a signal does
                self._checkpoints.save(30)
            if self._step in (30, 55):
                raise Crash

    seen = tmp_path / "seen"
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "Safekeeping", Crashing)
        for _ in range(2):
            with pytest.raises(Crash):
                train(make_config(), squares, seen, tensorboard=True)
    last = max((seen / "tensorboard").iterdir())
    with last.open("ab") as file:
        file.write(b"a record that was cut")
    watched = train(make_config(), squares, seen, tensorboard=True)
    plain = train(make_config(), squares, tmp_path / "plain")
    np.testing.assert_array_equal(weights(plain), weights(watched))
    check_scalars(seen)
    check_pictures(seen)
    assert len(list((seen / "tensorboard").iterdir())) == 3


def check_scalars(workdir):
    lines = (workdir / "log.jsonl").read_text().splitlines()
    logged = np.array([json.loads(x)["kl_per_latent"] for x in lines])
    found = read(workdir)
    for latent in range(3):
        steps, values = found[f"kl/z{latent}"]
        assert steps == [50, 60]
        np.testing.assert_allclose(values, logged[:, latent], rtol=1e-6)
    assert found["distortion"][0] == [50, 60]


def check_pictures(workdir):
    found = read(workdir)
    every = list(range(3, 61, 3))
    for tag, rows, columns in (
        ("reconstructions", 2, NUM_SHOWN),
        ("traversals", 3, len(VALUES)),
    ):
        steps, values = found[f"pictures/{tag}"]
        assert steps == every
        size = (columns * SIDE - GAP, rows * SIDE - GAP)
        # tf.summary.image writes width and height before the PNG.
        assert {(int(v[0]), int(v[1])) for v in values} == {size}
    assert found["pictures/traversals_rows"][0] == every
    assert "pictures/samples" not in found


def test_replicas_can_be_watched(squares, tmp_path):
    config = make_config(strategy="mirrored", steps=3)
    train(config, squares, tmp_path, tensorboard=True)
    assert read(tmp_path)["pictures/traversals"][0] == [1, 2, 3]


@pytest.mark.parametrize("num_steps", [1, 7, 20, 12_000])
def test_pictures_are_drawn_20_times_and_in_the_end(num_steps):
    due = [step for step in range(1, num_steps + 1) if is_due(step, num_steps)]
    assert len(due) == min(20, num_steps)
    assert due[-1] == num_steps


def drawn(dataset, model, **hparams):
    config = make_config(model=model, hparams=hparams)
    return Pictures(trainer.build_model(config, dataset), dataset, 0).draw()


def test_a_gan_shows_samples_with_noise(squares):
    pictures = drawn(
        squares, "info_gan", num_latents=3, num_noise=2, architecture="mlp"
    )
    assert set(pictures) == {"reconstructions", "traversals", "samples"}
    assert pictures["samples"].pixels.shape[1] == NUM_SHOWN * SIDE - GAP


def test_a_model_without_an_encoder_has_nothing_to_reconstruct(squares):
    pictures = drawn(squares, "wgan_gp", num_latents=4, architecture="mlp")
    assert set(pictures) == {"traversals", "samples"}
    assert pictures["traversals"].rows == "z0, z1, z2, z3"


def test_rows_are_latents_by_kl_and_the_middle_one_is_that_of_the_data(
    squares,
):
    model = trainer.build_model(
        make_config(hparams={"num_latents": 20, "architecture": "mlp"}),
        squares,
    )
    pictures = Pictures(model, squares, 0)
    shown = pictures.draw()["traversals"]
    assert shown.pixels.shape[0] == MOST_ROWS * SIDE - GAP
    nats = [
        float(row.split("(")[1].split()[0]) for row in shown.rows.split(",")
    ]
    assert nats == sorted(nats, reverse=True) and len(nats) == MOST_ROWS

    latent = int(shown.rows.split()[0][1:])
    start = model.encode(pictures._images).mean().numpy()[0]
    start[latent] = VALUES[0]
    expected = model.decode(tf.constant(start[None])).mean().numpy()[0]
    np.testing.assert_allclose(shown.pixels[:16, :16], expected, atol=1e-5)


def test_dc_ign_is_shown_as_other_vaes_are(squares):
    pictures = drawn(
        squares,
        "dc_ign",
        num_latents=3,
        architecture="mlp",
        groups="scale,x_position,y_position",
    )
    assert set(pictures) == {"reconstructions", "traversals"}


def test_a_mosaic_has_white_between_its_images():
    images = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5, 1) / 1000
    joined = mosaic(images)
    assert joined.shape == (2 * (4 + GAP) - GAP, 3 * (5 + GAP) - GAP, 1)
    for row, column in np.ndindex(2, 3):
        y, x = row * (4 + GAP), column * (5 + GAP)
        np.testing.assert_array_equal(
            joined[y : y + 4, x : x + 5], images[row, column]
        )
    assert (joined[4 : 4 + GAP] == 1).all()
    assert (joined[:, 5 : 5 + GAP] == 1).all()


def test_a_disk_that_refuses_is_one_clear_line(tmp_path):
    (tmp_path / "tensorboard").write_text("")
    events = None
    with pytest.raises(RunError, match="tensorboard cannot be written"):
        events = EventFiles(
            tmp_path / "tensorboard", None, first_step=0, num_steps=1
        )
        events.write_scalars({"step": 1, "rate": 2.0})
    assert events is None or events.close() is None
