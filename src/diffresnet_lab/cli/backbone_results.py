"""Lines and report of `diffresnet train-backbone`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from diffresnet.cli.result import write_json

if TYPE_CHECKING:
    from ..backbones import EpochMetrics, TrainingConfig
    from ..pages import ReportFolder


def epoch_line(metrics: EpochMetrics, epochs: int) -> str:
    """Return the metrics of an epoch in one line."""
    validation = ""
    if metrics.validation is not None:
        validation = f", validation {metrics.validation:.2f} %"
    return (
        f"epoch {metrics.epoch}/{epochs}: loss {metrics.loss:.3f}, training accuracy "
        f"{metrics.accuracy:.1f} %{validation}, {metrics.seconds:.0f} s"
    )


def result_line(row: Mapping[str, Any]) -> str:
    """Return a final accuracy in one line."""
    return (
        f"{row['ways']}-way {row['shots']}-shot, {row['method']}: {row['accuracy']:.2f} % ± "
        f"{row['ci95']:.2f} (95% of {row['tasks']} tasks on validation classes)"
    )


def write_report(
    folder: ReportFolder,
    config: TrainingConfig,
    history: list[EpochMetrics],
    command: str,
    payload: dict[str, Any],
) -> None:
    """Write the page, the curves and metrics.json."""
    from ..backbones.report import training_report
    from ..pages import render_page

    text, figures = training_report(config, history, payload["results"], payload["settings"])
    folder.write_figures(figures)
    folder.write_page(
        render_page(
            title=f"Training {config.backbone}",
            lead=text.lead,
            body=text.body,
            settings=payload["settings"],
            environment=payload["environment"],
            seconds=payload["training_seconds"],
            command=command,
        )
    )
    write_json(folder.metrics, payload)
