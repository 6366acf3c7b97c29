"""The report of a run: read back as HTML, without a run being trained."""

import copy
import html.parser
import io
import json
import math
import re

import numpy as np
import pytest
from PIL import Image

from tfdisent.errors import RunError
from tfdisent.evaluation.evaluate import ALL_METRICS
from tfdisent.report.metric_meanings import MEANINGS
from tfdisent.report.page import html_page
from tfdisent.report.run_record import read_run

VOID = {"meta", "img", "br", "hr", "link", "input"}
CONFIG = {
    "model": "beta_vae",
    "hparams": {"beta": 4.0, "num_latents": 3},
    "dataset": "folder:/pictures <b>&\"'",
    "subsets": ["random=50@0"],
    "steps": 100,
    "seed": 7,
}
EVIL = "<img src=http://evil/x.png onerror=alert(1)> & so"
EVALUATION = {
    "model": "beta_vae",
    "training": {"step": 100},
    "evaluated_with": {"device": "an <abacus>", "numpy": "9.9"},
    "data": {
        "name": "squares",
        "provenance": "drawn for tests",
        "images": 75,
        "metrics_computed_on": "all squares",
        "factor_names": ["scale", "x_position"],
        "note": "factors may depend on each other",
    },
    "images": {
        "seed": 0,
        "num_images": 10_000,
        "distortion": 109.37922668,
        "rate": 8.2092933,
        "elbo": -117.58852,
        "kl_per_latent": [0.01, 3.25, 6.5],
        "active_latents": 2,
        "active_above_nats": 0.05,
    },
    "metrics": {
        "dci": {
            "settings": {"importances": "forest"},
            "seeds": [0, 1],
            "representation": "mean",
            "values": {"dci": 0.4321098, "dci/forest_completeness": 0.2345678},
            "masked": {"latents": [1, 2], "values": {"dci": 0.5432101}},
            "statistics": {"dci": {"sd": 0.0123, "n": 2}},
            "intervals": {"values": {"dci": [0.31, 0.56]}},
            "matrices": {
                "dci/forest_importance_matrix": [
                    [0.0, 0.1],
                    [0.2, 0.9],
                    [0.3, 0.4],
                ]
            },
            "warnings": [EVIL],
        },
        "higgins_score(num_pairs=16)": {
            "values": {"higgins_score": 0.75},
            "warnings": [EVIL],
        },
        "fid(num_images=9)": {
            "values": {"fid/samples": 41.5, "kid/samples": math.nan},
            "warnings": [],
        },
        "homemade": {"values": {"homemade": 12.0}, "warnings": []},
    },
    "left_out": {"irs": "It needs <factors>."},
}
LATENT = {"active": True, "low": -2.0, "high": 2.5, "factor": None}
CARD = {
    "step": 100,
    "latents_measured_on": {"num_images": 10_000, "seed": 0},
    "latents": [
        {
            **LATENT,
            "name": "z2",
            "kl": 6.5,
            "factor": {
                "name": "x_position",
                "share": 0.61,
                "correlation": -0.9,
            },
            "meaning": "x_position",
        },
        {**LATENT, "name": "z1", "kl": 3.25, "meaning": None},
        {
            **LATENT,
            "name": "z0",
            "kl": 0.01,
            "active": False,
            "meaning": None,
            "low": -0.001,
        },
    ],
}


class Page(html.parser.HTMLParser):
    """The elements of a page; raises where they are not nested."""

    def __init__(self, text):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(text)
        assert not self._open

    def handle_starttag(self, tag, attributes):
        element = {"tag": tag, "text": "", **dict(attributes)}
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag):
        assert self._open.pop()["tag"] == tag
        if tag in ("td", "th", "p", "dt", "dd"):
            self.handle_data(" ")

    def handle_data(self, data):
        for element in self._open:
            element["text"] += data

    def all(self, *tags):
        return [e for e in self.elements if e["tag"] in tags]

    @property
    def text(self):
        [body] = self.all("body")
        return " ".join(body["text"].split())

    @property
    def values(self):
        return [float(e["value"]) for e in self.all("data")]


def png(size=(30, 20)):
    file = io.BytesIO()
    Image.fromarray(np.full(size[::-1], 99, np.uint8)).save(file, "PNG")
    return file.getvalue()


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(json.dumps(content))


def make_run(folder, *, evaluation=EVALUATION, card=CARD, figures=True):
    write(folder / "config.json", CONFIG)
    record = {"step": 100, "seconds": 3_700.0, "device": "an abacus"}
    record |= {"rate": 8.5, "vae_loss": 120.25}
    write(folder / "log.jsonl", record)
    if evaluation:
        write(folder / "evaluation.json", evaluation)
    if card:
        write(folder / "export/9/assets.extra/model_card.json", {"latents": 0})
        write(folder / "export/10/assets.extra/model_card.json", card)
    if figures:
        for name in ("traversals", "curves", "zoo"):
            write(folder / f"figures/{name}.png", png())
        name = "dci-forest_importance_matrix.png"
        write(folder / "figures/metrics" / name, png((40, 10)))
    return folder


def page_of(folder, command="bin/train --model='<m>'"):
    return Page(html_page(read_run(folder), command))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return page_of(make_run(tmp_path_factory.mktemp("runs") / "a <b>&'run\""))


def test_it_needs_nothing_beside_itself(page):
    assert not page.all("script", "link", "iframe", "object", "base", "a")
    for element in page.elements:
        assert not any(name.startswith("on") for name in element)
        for name in ("src", "href", "srcset", "poster", "action"):
            value = element.get(name, "data:")
            assert value.startswith("data:")
    [style] = page.all("style")
    assert not re.search(r"url\(|@import|http", style["text"])
    [policy] = [m for m in page.all("meta") if "http-equiv" in m]
    assert "default-src 'none'" in policy["content"]


def test_readers_of_all_kinds_find_their_way(page):
    assert page.all("html")[0]["lang"] == "en"
    headings = [
        e["tag"] for e in page.elements if re.match("h[1-6]$", e["tag"])
    ]
    assert headings[0] == "h1" and headings.count("h1") == 1
    levels = [int(tag[1]) for tag in headings]
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:], strict=False))
    assert len(page.all("table")) == len(page.all("caption")) >= 5
    assert all(e["scope"] for e in page.all("th"))
    captions = [e["text"] for e in page.all("caption")]
    numbers = [re.match(r"\s*Table (\d+)\.", text)[1] for text in captions]
    assert numbers == [str(i + 1) for i in range(len(captions))]


def test_numbers_are_those_of_the_evaluation(page):
    shown = page.values
    for entry in EVALUATION["metrics"].values():
        for value in entry["values"].values():
            found = [x for x in shown if x == value or x != x != value]
            assert found, value
    assert 0.5432101 in shown  # of active latents alone
    for name in ("elbo", "distortion", "rate", "active_latents"):
        assert EVALUATION["images"][name] in shown
    for words in (
        "0.432",
        "sd 0.012 over 2 seeds, 95 % interval 0.310 to 0.560",
        "\N{MINUS SIGN}117.6",
        "forest completeness 0.235",
        "dci: importances=forest; seed 0, 1; mean codes",
        "the same metric of z1, z2",
        "homemade",
        "numpy 9.9",
        "1 h 1 min",
        "random=50@0",
    ):
        assert words in page.text, words


def test_what_rounds_to_0_has_no_sign(tmp_path):
    evaluation = copy.deepcopy(EVALUATION)
    evaluation["metrics"]["dci"]["values"]["dci"] = -1e-17
    text = page_of(make_run(tmp_path / "run", evaluation=evaluation)).text
    assert "0.000" in text and "-0.000" not in text


def test_figures_are_embedded_and_said_in_words(page):
    images = page.all("img")
    assert [i["src"].startswith("data:image/png;base64,") for i in images]
    sizes = [(int(i["width"]), int(i["height"])) for i in images]
    assert sizes == [(30, 20)] * 3 + [(40, 10)]
    traversals, curves, other, matrix = (i["alt"] for i in images)
    assert "Active latents: z2 (6.50 nats), z1 (3.25 nats); the other" in (
        traversals
    )
    assert "100 steps; rate ends at 8.5, vae loss ends at 120.2" in curves
    assert other == "Zoo."
    assert "3 rows and 2 columns" in matrix
    assert "0.9, is that of z1 and x position" in matrix
    captions = [c["text"] for c in page.all("figcaption")]
    assert [c.split(".")[0] for c in captions] == [
        f"Figure {i}" for i in range(1, 5)
    ]


def test_latents_are_those_of_the_newest_card(page):
    rows = [e["text"].split() for e in page.all("tr")]
    rows = [row for row in rows if row and re.fullmatch(r"z\d", row[0])]
    low = "\N{MINUS SIGN}2.00"
    assert [" ".join(row) for row in rows] == [
        f"z2 6.50 x position x position 0.61 \N{MINUS SIGN}0.90 {low} to 2.50",
        f"z1 3.25 unnamed none {low} to 2.50",
        "z0 0.01 inactive none 0.00 to 2.50",
    ]


def test_text_of_others_stays_text(page):
    [title] = page.all("h1")
    assert title["text"] == f"beta_vae on {CONFIG['dataset']}"
    assert page.text.count(EVIL) == 1  # of two metrics, said once
    assert "It needs <factors>." in page.text
    assert "a <b>&'run\"" in page.text
    assert "bin/train --model='<m>'" in page.text
    assert not page.all("factors", "abacus")


def test_warnings_and_what_was_left_out(page):
    for words in (
        "dci, higgins_score(num_pairs=16):",
        "Factors may depend on each other.",
        "Scores are those of the whole, all squares;",
        "irs: It needs",
    ):
        assert words in page.text
    assert "What is missing" not in page.text


def test_numbers_of_another_step_are_said_to_be(tmp_path):
    evaluation = copy.deepcopy(EVALUATION)
    evaluation["training"]["step"] = 50
    page = page_of(make_run(tmp_path / "run", evaluation=evaluation))
    assert (
        "The numbers are of step 50, and the run is at step 100." in page.text
    )


def test_settings_are_all_of_the_configuration(page):
    rows = {
        e["text"].split()[0]: e for e in page.all("tr") if e["text"].split()
    }
    assert rows["beta"]["text"].split()[1] == "4.0"
    assert "class" not in rows["beta"]
    assert rows["likelihood"]["class"] == "quiet"
    assert rows["steps"]["text"].split()[1] == "100"


def test_a_run_without_results_says_which_commands_make_them(tmp_path):
    folder = make_run(
        tmp_path / "a run", evaluation=None, card=None, figures=False
    )
    page = page_of(folder, command=None)
    for command in ("evaluate", "traverse", "export"):
        assert f"bin/{command} '--workdir={folder}'" in page.text
    assert "it was made in Python" in page.text
    assert not page.all("img")
    (folder / "log.jsonl").unlink()
    rest = f"0 of 100. bin/train --model='<m>' '--workdir={folder}' makes"
    assert rest in page_of(folder).text


def test_without_a_card_latents_are_known_by_their_kl(tmp_path):
    page = page_of(make_run(tmp_path / "run", card=None))
    rows = [e["text"].split() for e in page.all("tr")]
    assert ["z2", "6.50", "active"] in rows
    assert ["z0", "0.01", "inactive"] in rows
    assert "bin/export --workdir=" in page.text


def test_a_model_without_an_encoder_has_a_report(tmp_path):
    evaluation = {k: v for k, v in EVALUATION.items() if k != "images"}
    evaluation |= {
        "metrics": {},
        "left_out": dict.fromkeys(["dci", "irs"], "it needs codes"),
    }
    card = CARD | {"latents": [], "latents_measured_on": None}
    page = page_of(make_run(tmp_path / "run", evaluation=evaluation, card=card))
    assert "dci, irs: it needs codes" in page.text
    assert page.text.count("it needs codes") == 1
    assert "Latents" not in [e["text"] for e in page.all("h2")]


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="is no run"):
        read_run(tmp_path)
    folder = make_run(tmp_path / "run")
    card = folder / "export/10/assets.extra/model_card.json"
    card.write_text("{")
    with pytest.raises(RunError, match=r"model_card\.json is damaged"):
        read_run(folder)


def test_every_metric_has_a_meaning():
    assert set(MEANINGS) == set(ALL_METRICS)
    for meaning in MEANINGS.values():
        assert meaning.sentence.endswith(".") and meaning.range
        assert meaning.better in ("higher", "lower", "")
