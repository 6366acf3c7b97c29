import pytest

from tfdisent.models import MODELS
from tfdisent.models.arguments import constructor_arguments
from tfdisent.models.base import LatentModel


class Base:
    """A base.

    Args:
      width: How wide
        it is.
    """

    def __init__(self, *, width: int | None = None):
        self.width = width


class Derived(Base):
    """A derived class.

    Args:
      height: How high.
      **kwargs: See `Base`.

    Raises:
      Nothing: At all.
    """

    def __init__(self, *, height: float = 2.0, **kwargs):
        super().__init__(**kwargs)
        self.height = height


def test_arguments_of_base_classes_are_there_too():
    assert constructor_arguments(Derived) == {
        "height": (float, 2.0, "How high."),
        "width": (int, None, "How wide it is."),
    }


@pytest.mark.parametrize("name", MODELS)
def test_every_argument_of_every_model_is_explained(name):
    for argument in constructor_arguments(MODELS[name]).values():
        assert argument.meaning
        assert argument.type in (
            bool,
            int,
            float,
            str,
            tuple[int, int, int],
            LatentModel,
        )


def test_a_class_may_say_anew_what_its_base_class_takes():
    meanings = {
        name: constructor_arguments(MODELS[name])["lambda_d"].meaning
        for name in ("dip_vae_i", "dip_vae_ii")
    }
    assert "10 lambda_od unless given" in meanings["dip_vae_i"]
    assert "10 lambda_od" not in meanings["dip_vae_ii"]
