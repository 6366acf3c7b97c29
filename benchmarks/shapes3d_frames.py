"""How near the drawn 3DShapes are to true frames of the original.

    python benchmarks/shapes3d_frames.py FRAMES.npz [DATA_DIR]

FRAMES.npz holds `images` [n, 64, 64, 3] uint8 and `labels` [n, 6]. The labels
of orientation are inferred and may be off by one: of three orientations the one
that is nearest to the frame is taken. Rows and columns that equal a neighbour
were doubled when the frame was cut out of a picture of another size, and it
cannot be seen which of the two is right: "intact" leaves both out.
"""

import numpy as np
from absl import app
from scipy import ndimage

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.load import load_dataset
from tfdisent.errors import UsageError

_ORIENTATION = 5


def drawn_like(
    dataset: FactorDataset, frames: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """The drawn images [n, 64, 64, 3], in the nearest of three orientations."""
    last = dataset.factor_sizes[_ORIENTATION] - 1
    candidates = []
    for step in (-1, 0, 1):
        factors = labels.astype(np.int64)
        factors[:, _ORIENTATION] = np.clip(
            factors[:, _ORIENTATION] + step, 0, last
        )
        candidates.append(dataset.images(dataset.indices_of(factors)))
    errors = [np.abs(c - frames.astype(int)).sum((1, 2, 3)) for c in candidates]
    best = np.argmin(errors, axis=0)
    return np.stack(candidates)[best, np.arange(len(frames))]


def intact(frame: np.ndarray) -> np.ndarray:
    """Mask [64, 64] of a frame without doubled rows and columns.

    Where a row has one colour only, as in the sky, its neighbours tell nothing,
    and it stays.
    """
    kept = np.ones(frame.shape[:2], bool)
    for axis in (0, 1):
        lines = np.moveaxis(frame, axis, 0)
        plain = (lines == lines[:, :1]).all(axis=(1, 2))
        doubled = (lines[1:] == lines[:-1]).all(axis=(1, 2)) & ~plain[1:]
        out = np.zeros(len(lines), bool)
        out[1:] |= doubled
        out[:-1] |= doubled
        np.moveaxis(kept, axis, 0)[out] = False
    return kept


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity of two images (Wang et al., 2004, sigma 1.5)."""
    a, b = a.astype(float), b.astype(float)

    def mean(x):
        return ndimage.gaussian_filter(x, (1.5, 1.5, 0), truncate=3.5)

    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    covariance = mean(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    likeness /= (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    return float(likeness[5:-5, 5:-5].mean())


def main(argv):
    if len(argv) not in (2, 3):
        raise UsageError(
            f"{len(argv) - 1} arguments were given; give FRAMES.npz, and "
            "DATA_DIR if drawn layers are kept elsewhere."
        )
    with np.load(argv[1]) as file:
        frames, labels = file["images"], file["labels"]
    dataset = load_dataset("shapes3d", data_dir="".join(argv[2:]) or None)
    drawn = drawn_like(dataset, frames, labels)
    masks = [intact(frame) for frame in frames]
    error = drawn - frames.astype(float)
    for title, chosen in (
        ("all", [m | True for m in masks]),
        ("intact", masks),
    ):
        parts = [e[mask] for e, mask in zip(error, chosen, strict=True)]
        absolute = np.mean([np.abs(part).mean() for part in parts])
        psnr = np.mean(
            [10 * np.log10(255**2 / (part**2).mean()) for part in parts]
        )
        print(
            f"{title:7} {np.mean(chosen):4.0%} of pixels: mean absolute error "
            f"{absolute:.2f} of 255, PSNR {psnr:.2f} dB"
        )
    likeness = [ssim(a, b) for a, b in zip(frames, drawn, strict=True)]
    print(f"SSIM    {np.mean(likeness):.4f}, {len(frames)} frames")


if __name__ == "__main__":
    app.run(main)
