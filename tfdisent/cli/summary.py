"""The lines that end a run."""

import pathlib

from tfdisent.cli.results import versions
from tfdisent.export.served_command import served_command


def text(workdir: pathlib.Path, evaluation: dict) -> str:
    """Scores, where the pictures are, and how to serve the export."""
    lines = [*scores(evaluation), ""]
    lines += [
        f"pictures  {path}"
        for path in sorted((workdir / "figures").glob("*.png"))
    ]
    lines.append(f"numbers   {workdir / 'evaluation.json'}")
    exported = versions(workdir)
    if exported:
        command = served_command(workdir / "export", evaluation["model"])
        lines += [f"export    {exported[-1]}", "", f"serve it: {command}"]
    return "\n".join(lines)


def scores(evaluation: dict) -> list[str]:
    """A table of the numbers."""
    training, images = evaluation["training"], evaluation["images"]
    num_latents = len(images["kl_per_latent"])
    minutes = (training["seconds"] or 0) / 60
    lines = [
        "",
        f"{evaluation['model']} on {evaluation['data']['name']}, "
        f"{evaluation['data']['provenance']}",
        f"{training['step']:,} steps of {training['batch_size']} images in "
        f"{minutes:.1f} minutes, seed {training['seed']}, "
        f"{training['device'] or 'device not logged'}",
        "",
        f"  {'distortion':<34} {images['distortion']:7.2f} nats",
        f"  {'rate':<34} {images['rate']:7.2f} nats",
        f"  {'active latents':<34} {images['active_latents']:4} of "
        f"{num_latents}",
    ]
    for metric in evaluation["metrics"].values():
        for name, value in metric["values"].items():
            if "/" not in name:
                lines.append(f"  {name:<34} {value:7.3f}")
        lines += [f"  warning: {text}" for text in metric["warnings"]]
    return lines
