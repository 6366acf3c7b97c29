import numpy as np
import pytest

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.capacity_curves import capacity_curves

RECORDS = [
    {"step": 5, "vae_loss": 90.0},  # Of a time before there were codes.
    *(
        {
            "step": 100 * n,
            "kl_per_latent": [0.02, 0.5 * n, 2.0 * n],
            "rate": 2.5 * n,
            "vae_loss": 50.0 - n,
        }
        for n in (1, 2, 3)
    ),
]


def test_the_kl_of_each_latent_and_the_names_of_those_in_use(texts_of):
    figure = capacity_curves(RECORDS)
    latents, rate, loss = figure.axes
    ends = {line.get_ydata()[-1]: line for line in latents.lines}
    assert set(ends) == {0.02, 1.5, 6.0}
    assert ends[0.02].get_color() == style.MUTED
    np.testing.assert_array_equal(ends[6.0].get_ydata(), [2, 4, 6])
    assert len({line.get_color() for line in ends.values()}) == 3
    names = {text.get_text(): text for text in latents.texts}
    assert set(names) == {"z1", "z2"}
    assert names["z2"].get_color() == ends[6.0].get_color()
    assert names["z2"].xy == (300, 6.0)
    np.testing.assert_array_equal(rate.lines[0].get_ydata(), [2.5, 5, 7.5])
    np.testing.assert_array_equal(loss.lines[0].get_ydata(), [49, 48, 47])
    assert len(rate.lines) == 1
    assert texts_of(figure).count("nats per image") == 2


def test_a_capacity_is_drawn_beside_the_rate(texts_of):
    held = [{**r, "capacity": 0.1 * r["step"]} for r in RECORDS]
    _, rate, _ = (figure := capacity_curves(held)).axes
    np.testing.assert_allclose(rate.lines[1].get_ydata(), [10, 20, 30])
    assert rate.get_ylim()[1] > 30
    assert "capacity C" in texts_of(figure)


def test_many_latents_in_use_are_named_as_far_as_there_is_room(texts_of):
    kl = np.linspace(1, 1.1, 40).tolist()
    figure = capacity_curves([{"step": 9, "kl_per_latent": kl}])
    shown = texts_of(figure)
    assert [t for t in shown if t[0] == "z"] == [f"z{z}" for z in range(30, 40)]
    assert shown.count("not in the log") == 2


def test_refuses_logs_without_codes_or_steps():
    with pytest.raises(NotApplicable, match="no KL per latent"):
        capacity_curves([{"step": 3, "generator_loss": 1.0}])
    with pytest.raises(UsageError, match="step"):
        capacity_curves([{"kl_per_latent": [1.0]}])
