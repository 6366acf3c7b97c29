import pytest

from tfdisent.cli import summary

RUN = {
    "model": "vae",
    "training": {
        "step": 1200,
        "batch_size": 64,
        "seconds": 90.0,
        "seed": 3,
        "device": "an abacus",
    },
    "data": {"name": "squares", "provenance": "drawn for tests"},
    "images": {
        "distortion": 109.4,
        "rate": 8.21,
        "elbo": -117.61,
        "active_latents": 2,
        "kl_per_latent": [1.0, 3.0, 0.0],
    },
    "metrics": {
        "dci": {
            "values": {"dci": 0.4, "dci/part": 0.3, "dci/f_completeness": 0.2},
            "warnings": ["So."],
        },
        "irs(quantile=1) of sampled codes": {
            "values": {"irs": 0.25},
            "masked": {"latents": [0, 1], "values": {"irs": 0.5}},
            "statistics": {"irs": {"sd": 0.01, "median": 0.26, "n": 5}},
            "intervals": {"level": 0.95, "values": {"irs": [0.2, 0.3]}},
            "warnings": [],
        },
        "fid(num_images=9)": {
            "values": {"fid/samples": 40.0, "kid/samples": 0.1},
            "warnings": [],
        },
    },
    "left_out": {"mig_analytic": "It needs a posterior."},
}


def test_a_table_of_all_that_was_measured():
    text = "\n".join(summary.scores(RUN))
    for line in (
        "vae on squares, drawn for tests",
        "1,200 steps of 64 images in 1.5 minutes, seed 3, an abacus",
        "active latents alone (0,1)",
        "  ELBO                               -117.61 nats",
        "    f_completeness                     0.200",
        "warning: So.",
        "not possible: mig_analytic: It needs a posterior.",
    ):
        assert line in text
    [line] = [row for row in text.split("\n") if "irs(quantile=1)" in row]
    assert line.endswith(
        "  0.250     0.500   sd 0.010, median 0.260, n 5   95 % 0.200 to 0.300"
    )
    assert "dci/part" not in text


def test_what_is_not_possible_for_the_same_reason_is_one_line():
    reasons = {
        "dci(bins=3)": "dci needs factors.",
        "irs": "irs needs factors.",
        "tc_mss": "It needs a posterior.",
    }
    lines = summary.scores({**RUN, "left_out": reasons})
    assert lines[-2:] == [
        "  not possible: dci(bins=3), irs: needs factors.",
        "  not possible: tc_mss: It needs a posterior.",
    ]


def test_a_note_on_the_data_stands_in_the_heading():
    data = {**RUN["data"], "note": "factors may depend on each other"}
    assert "note: factors may depend on each other" in summary.scores(
        {**RUN, "data": data}
    )


def test_scores_of_the_whole_are_said_to_be_of_the_whole():
    data = {**RUN["data"], "metrics_computed_on": "all squares"}
    assert "note: scores are those of the whole, all squares" in summary.scores(
        {**RUN, "data": data}
    )


def test_codes_have_a_name_and_no_training():
    codes = {k: v for k, v in RUN.items() if k not in ("training", "images")}
    lines = summary.scores({**codes, "codes": {"name": "pca"}})
    assert "pca of squares, drawn for tests" in lines
    assert not any("distortion" in line for line in lines)


@pytest.mark.parametrize(
    "key, expected",
    [
        ("dci", {"dci": "dci"}),
        (
            "irs(quantile=1) of sampled codes",
            {"irs(quantile=1) of sampled codes": "irs"},
        ),
        (
            "fid(num_images=9)",
            {
                "fid/samples(num_images=9)": "fid/samples",
                "kid/samples(num_images=9)": "kid/samples",
            },
        ),
    ],
)
def test_labels_tell_the_same_metric_with_other_options_apart(key, expected):
    assert summary.labels(key, RUN["metrics"][key]) == expected
