"""Small models with cards, whose texts are as bad as texts can be."""

import base64
import json
import shutil

import numpy as np
from explorer.open_pages import png_of
from served.model_folders import config, model
from tensorflow.core.protobuf import saved_model_pb2

from tfdisent.export.contract import CARD_FILE, DEFAULT, WARM_UP_FILE

EVIL = "<img src=x onerror=alert(1)>"
_RNG = np.random.default_rng(0)
EXAMPLES = [_RNG.integers(0, 256, (4, 3), np.uint8) for _ in range(4)]


def latent(index, kl, meaning=None, correlation=0.9):
    """An entry of a card; its range is that of its number."""
    return {
        "index": index,
        "name": f"z{index}",
        "kl": kl,
        "active": kl > 0.05,
        "low": -1.0 - index,
        "high": 1.0 + index,
        "factor": meaning and {"name": meaning, "correlation": correlation},
        "meaning": meaning,
    }


CARDS = {
    "1": [
        latent(3, 3.0, "width"),
        latent(0, 2.0, EVIL),
        latent(4, 1.0),
        latent(1, 0.02),
        latent(2, 0.01),
    ],
    "2": [
        latent(1, 2.5),
        latent(3, 2.0, "height"),
        latent(0, 1.5, "width", correlation=-0.9),
        latent(2, 0.02),
        latent(4, 0.01),
    ],
}


def card(version):
    return {
        "format": 1,
        "model": "beta_vae",
        "step": 1000 * int(version),
        "data": {"name": EVIL},
        "latents": CARDS[version],
        "examples": [
            {
                "png": base64.b64encode(png_of(image)).decode(),
                "factors": {"shape": k},
            }
            for k, image in enumerate(EXAMPLES)
        ],
    }


def write_models(exported, folder):
    """Writes "tiny", versions 1 and 2, and "gan", which has no card.

    Args:
      exported: a version folder of a `TinyModel((4, 3, 1))`.
      folder: a `Path` for the models.

    Returns:
      The config of both.
    """
    for version in CARDS:
        copy = folder / "tiny" / version
        shutil.copytree(exported, copy)
        file = copy / CARD_FILE
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(card(version)))
    _write_without_encoder(exported, folder / "gan" / "1")
    return config(
        model("tiny", folder / "tiny", all=True), model("gan", folder / "gan")
    )


def _write_without_encoder(exported, folder):
    shutil.copytree(exported, folder)
    (folder / WARM_UP_FILE).unlink()  # It encodes.
    file = folder / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    signatures = saved.meta_graphs[0].signature_def
    signatures[DEFAULT].CopyFrom(signatures["decode"])
    for name in list(signatures):
        if any(key.startswith("images") for key in signatures[name].inputs):
            del signatures[name]
    file.write_bytes(saved.SerializeToString())
