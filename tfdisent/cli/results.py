"""What follows training: numbers, pictures and an export."""

import pathlib

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.evaluation import evaluation_file
from tfdisent.evaluation.draw import draw_run
from tfdisent.evaluation.draw_matrices import draw_matrices
from tfdisent.evaluation.evaluate import calls_of, evaluate
from tfdisent.evaluation.model_card import model_card
from tfdisent.export.contract import axis_sizes, endpoints_of
from tfdisent.export.saved_model import export_model
from tfdisent.models.base import LatentModel
from tfdisent.training.config import ExperimentConfig


def finish(
    config: ExperimentConfig,
    dataset: FactorDataset,
    model: LatentModel,
    workdir: pathlib.Path,
    metrics: str | None = None,
) -> dict:
    """Evaluates, draws and exports a run, as far as that is not yet done.

    Args:
      config: Of the run.
      dataset: What the model was trained on.
      model: As its last checkpoint has it.
      workdir: Of the run.
      metrics: As for `evaluation.evaluate.evaluate`.

    Returns:
      The evaluation.
    """
    evaluation = evaluation_file.read(workdir)
    if not _is_whole(evaluation, config, metrics):
        count = len(dataset.factor_names)
        many = f" ({count} factors: this takes minutes)" if count > 15 else ""
        print(f"evaluating{many}", flush=True)
        evaluation = evaluation_file.write_run(
            workdir,
            config,
            config.steps,
            evaluate(model, dataset, metrics=metrics),
        )
    if not _is_newer(workdir / "figures" / "curves.png", workdir):
        print("drawing", flush=True)
        draw_run(model, dataset, workdir)
    maps = workdir / "figures" / "metrics"
    if not _are_newer(maps, workdir / evaluation_file.NAME):
        draw_matrices(evaluation, maps)
    if not any(_is_newer(path, workdir) for path in versions(workdir)):
        print("exporting", flush=True)
        export_run(config, dataset, model, workdir, config.steps)
    return evaluation


def export_run(
    config: ExperimentConfig,
    dataset: FactorDataset,
    model: LatentModel,
    workdir: pathlib.Path,
    step: int,
) -> pathlib.Path:
    """Exports a run with its model card.

    Args:
      config: Of the run.
      dataset: What the model was trained on.
      model: As a checkpoint has it.
      workdir: Of the run.
      step: Of that checkpoint.

    Returns:
      The directory of the version.

    Raises:
      RunError: As `export.saved_model.export_model`.
    """
    evaluation = evaluation_file.read(workdir)
    card = model_card(model, dataset, config, step, evaluation)
    card["signatures"] = _signatures(model)
    return export_model(model, workdir / "export", card=card)


def _signatures(model: LatentModel) -> dict:
    """The contract of an export, with null for sizes that requests choose."""
    sizes = axis_sizes(model)

    def described(tensors):
        return [
            {
                "name": tensor.name,
                "shape": tensor.shape(sizes),
                "dtype": tensor.dtype,
                "meaning": tensor.meaning,
            }
            for tensor in tensors
        ]

    return {
        name: {
            "meaning": endpoint.meaning,
            "inputs": described(endpoint.inputs),
            "outputs": described(endpoint.outputs),
        }
        for name, endpoint in endpoints_of(model).items()
    }


def _is_whole(
    evaluation: dict | None, config: ExperimentConfig, metrics: str | None
) -> bool:
    """Whether it is of the last step, with all metrics that are wanted."""
    if evaluation is None or "training" not in evaluation:
        return False
    done = {**evaluation["metrics"], **evaluation.get("left_out", {})}
    return evaluation["training"]["step"] == config.steps and (
        {call.key for call in calls_of(metrics)} <= set(done)
    )


def _is_newer(path: pathlib.Path, workdir: pathlib.Path) -> bool:
    """Whether a result is there and of the last checkpoint."""
    checkpoint = workdir / "checkpoints" / "checkpoint"
    return path.exists() and (
        path.stat().st_mtime_ns >= checkpoint.stat().st_mtime_ns
    )


def _are_newer(folder: pathlib.Path, path: pathlib.Path) -> bool:
    """Whether there are pictures, and all are newer than a file."""
    times = [picture.stat().st_mtime_ns for picture in folder.glob("*.png")]
    return bool(times) and min(times) >= path.stat().st_mtime_ns


def versions(workdir: pathlib.Path) -> list[pathlib.Path]:
    """Exported versions, the oldest first."""
    found = [p for p in (workdir / "export").glob("*") if p.name.isdecimal()]
    return sorted(found, key=lambda path: int(path.name))
