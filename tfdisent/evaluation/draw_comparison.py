"""What several models make of the same data, in one picture."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from tfdisent.errors import UsageError
from tfdisent.evaluation.draw_subject import Subject
from tfdisent.evaluation.draw_walks import note_of, values_of
from tfdisent.evaluation.figures.comparison import Row, comparison
from tfdisent.evaluation.figures.latents import order_by_kl
from tfdisent.evaluation.figures.traversals import meaning_of, traverse

COLUMNS = 9
WALKS = 3  # Of each run.


def draw_comparison(subjects: Mapping[str, Subject]) -> Figure:
    """Reconstructions, samples and the traversals of largest KL, run by run.

    Of runs without an encoder there are samples alone. Samples of models with
    as many latents are of the same codes.

    Args:
      subjects: Name of a run -> its model; two or more.

    Returns:
      The figure.

    Raises:
      UsageError: The runs are not of the same data set.
    """
    _check_same_data(subjects)
    with_codes = {n: s for n, s in subjects.items() if s.model.encode}
    rows = _reconstructions(with_codes) if with_codes else []
    walks = [row for n, s in with_codes.items() for row in _walks(n, s)]
    first = next(iter(subjects.values()))
    samples = [
        Row(s.representation.draw_images(COLUMNS, s.rng()), name)
        for name, s in subjects.items()
    ]
    note = f"Traversals of the latents of largest KL, {note_of(first)}"
    return comparison(
        [
            ("Images and their reconstructions", rows),
            ("Samples of the prior", samples),
            (note, walks),
        ]
    )


def _check_same_data(subjects: Mapping[str, Subject]) -> None:
    wholes = {name: s.dataset.whole for name, s in subjects.items()}
    kinds = {
        name: (whole.name, whole.image_shape, len(whole))
        for name, whole in wholes.items()
    }
    if len(set(kinds.values())) > 1:
        told = ", ".join(
            f"{name} {len(whole):,} images of {whole.name}"
            for name, whole in wholes.items()
        )
        raise UsageError(
            f"Only runs of the same data can be compared; of these are {told}."
        )


def _reconstructions(subjects: Mapping[str, Subject]) -> list[Row]:
    """Images of the whole data set, and what each run makes of them."""
    first = next(iter(subjects.values()))
    points = first.whole.sample(COLUMNS, first.rng())
    rows = [Row(first.whole.images(points), "original")]
    for name, subject in subjects.items():
        codes = subject.whole.codes(points)
        rows.append(Row(subject.representation.decode(codes), name))
    return rows


def _walks(name: str, subject: Subject) -> list[Row]:
    """The traversals of a run, each with what its latent follows."""
    of_latents = [subject.kl[z] for z in subject.latents]
    rows = order_by_kl(of_latents)[:WALKS]
    latents = [subject.latents[row] for row in rows]
    values = np.atleast_2d(values_of(subject, COLUMNS))
    images = traverse(
        subject.start_image().code,
        subject.representation.decode,
        latents,
        values[rows] if len(values) > 1 else values[0],
    )
    return [
        Row(row, f"{name}\nz{z}", meaning_of(z, subject.kl, subject.follows))
        for row, z in zip(images, latents, strict=True)
    ]
