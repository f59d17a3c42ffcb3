"""What `diffresnet train-backbone` tells of a training: a line an epoch, and the report."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from diffresnet.cli.result import write_json

if TYPE_CHECKING:
    from ..backbones import EpochRow, TrainingSettings
    from ..pages import ReportFolder


def epoch_line(row: EpochRow, epochs: int) -> str:
    """How an epoch went."""
    looked = "" if row.validation is None else f", validation {row.validation:.2f} %"
    return (
        f"epoch {row.epoch}/{epochs}: loss {row.loss:.3f}, training accuracy {row.accuracy:.1f} %"
        f"{looked}, {row.seconds:.0f} s"
    )


def typed(ctx: click.Context) -> str:
    """What was typed, of what is not the default."""
    words = ["diffresnet", "train-backbone"]
    for parameter in ctx.command.params:
        name = parameter.name or ""
        value = ctx.params[name]
        default = ctx.get_parameter_source(name) is click.core.ParameterSource.DEFAULT
        if default or name in ("resume", "json_path", "quiet"):
            continue
        values = [str(item) for item in (value if isinstance(value, tuple) else (value,))]
        if isinstance(parameter, click.Argument):
            words += values
        elif isinstance(value, bool):
            words += [parameter.opts[0]] * value
        else:
            words += [word for item in values for word in (parameter.opts[0], item)]
    return shlex.join(words)


def write_report(
    folder: ReportFolder,
    payload: dict[str, Any],
    settings: TrainingSettings,
    rows: list[EpochRow],
    command: str,
) -> None:
    """The page, the curves and metrics.json."""
    from ..backbones.summary import section
    from ..pages import render

    told = section(settings, rows, payload["results"], payload["settings"])
    folder.write_pictures([told])
    folder.write_page(
        render(
            [told],
            title=f"Training {settings.backbone}",
            lead="A network from images to features, for few-shot tasks.",
            settings=payload["settings"],
            environment=payload["environment"],
            seconds=payload["training_seconds"],
            command=command,
        )
    )
    write_json(folder.metrics, payload)
