import json

import pytest

from tfdisent.cli.results import export_run
from tfdisent.export.native_session import NativeSession
from tfdisent.models.vae import VAE
from tfdisent.training.config import ExperimentConfig

CONFIG = ExperimentConfig(model="vae", steps=9, hparams={"num_latents": 3})


@pytest.fixture(scope="module")
def exported_run(squares, tmp_path_factory):
    model = VAE.from_dataset(squares, num_latents=3)
    workdir = tmp_path_factory.mktemp("run")
    return export_run(CONFIG, squares, model, workdir, 5)


@pytest.fixture(scope="module")
def card(exported_run):
    path = exported_run / "assets.extra" / "model_card.json"

    def refuse(constant):
        raise ValueError(f"{constant} is no JSON")

    return json.loads(path.read_text(), parse_constant=refuse)


def test_card_lies_in_the_version(exported_run, card):
    assert exported_run.parts[-2:] == ("export", "1")
    assert (card["model"], card["step"]) == ("vae", 5)
    assert card["evaluation_missing"] == "the run has no evaluation.json"
    assert len(card["latents"]) == 3


def test_card_lists_the_signatures_that_a_server_finds(exported_run, card):
    session = NativeSession(exported_run)
    session.close()
    served = session.signatures
    served.pop("__saved_model_init_op", None)
    assert card["signatures"].keys() == served.keys()
    for name, described in card["signatures"].items():
        for kind in ("inputs", "outputs"):
            infos = getattr(served[name], kind)
            assert {
                tensor["name"]: [size or -1 for size in tensor["shape"]]
                for tensor in described[kind]
            } == {
                key: [dim.size for dim in info.tensor_shape.dim]
                for key, info in infos.items()
            }
    assert card["signatures"]["encode"]["inputs"] == [
        {
            "name": "images",
            "shape": [None, 16, 16, 1],
            "dtype": "float32",
            "meaning": "pixels in [0, 1]",
        }
    ]
