"""diffresnet reproduce and bench: the paper run for real, and comparisons with peers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click

from diffresnet.cli.command import Outcome, command
from diffresnet.cli.options import SEEDS, Argument, DataOption, Option, PaperSeedOption
from diffresnet.cli.progress import note, progress
from diffresnet.cli.result import environment, write_json
from diffresnet.errors import InputError

from ..experiments.catalogue import BENCHES, EXPERIMENTS, summaries
from .cluster import DaskOption
from .results import prepare_folder, single_thread

if TYPE_CHECKING:
    from ..experiments.base import Report
    from ..pages import ReportFolder

NAMES = click.Choice([*EXPERIMENTS, "all"])
EPILOG = "\b\n" + "\n".join(f"{name:<11} {text}" for name, text in summaries().items())


@dataclass(frozen=True, kw_only=True)
class ExperimentOptions(DataOption, DaskOption):
    """Options of a command that runs experiments, each into a folder."""

    COMMAND = ""
    name: Annotated[str, Argument(metavar="NAME")]
    quick: Annotated[bool, Option(help="Less of everything: under a minute on two cores.")] = False
    out: Annotated[
        Path | None,
        Option(
            help="Folder for the page, figures and tables; made if not there.  "
            "[default: NAME in a folder that is called as the command]",
            metavar="DIR",
        ),
    ] = None

    @property
    def folder(self) -> Path:
        """Where the report goes."""
        return self.out or Path(self.COMMAND, *[self.name] * (self.name != "all"))

    def made_folders(self) -> tuple[Path, ...]:
        return (self.folder,)

    def typed(self, name: str) -> str:
        """Return the command that makes the page of an experiment again."""
        quick = " --quick" if self.quick else ""
        return f"diffresnet {self.COMMAND} {name}{quick}"


@dataclass(frozen=True, kw_only=True)
class ReproduceOptions(PaperSeedOption, ExperimentOptions):
    """Options of `diffresnet reproduce`."""

    COMMAND = "reproduce"
    name: Annotated[str, Argument(metavar="NAME", type=NAMES)]

    def typed(self, name: str) -> str:
        seed = "" if self.seed == 42 else f" --seed {self.seed}"
        return super().typed(name) + seed


@dataclass(frozen=True, kw_only=True)
class BenchOptions(ExperimentOptions):
    """Options of `diffresnet bench`."""

    COMMAND = "bench"
    name: Annotated[str, Argument(metavar="NAME", type=click.Choice(BENCHES))]
    seed: Annotated[int, Option(help="Seed of the first draw of labels.", type=SEEDS)] = 0

    def typed(self, name: str) -> str:
        seed = f" --seed {self.seed}" if self.seed else ""
        return super().typed(name) + seed


@command("reproduce", epilog=EPILOG)
def reproduce(options: ReproduceOptions) -> Outcome:
    """Run an experiment of the paper: NAME is one of those below, or all.

    Writes report.html, metrics.json, every figure as PNG and SVG, and the numbers as CSV. With
    all, each experiment has a folder of its own in DIR, and report.html there leads to them.
    """
    folder = prepare_folder(options.folder, options.json)
    with options.cluster():
        if options.name == "all":
            payload = _run_all(options, folder)
        else:
            payload, _ = run_experiment(options.name, options, folder)
    results = payload.pop("results")
    return Outcome(results, extra=payload)


def run_experiment(
    name: str, options: ReproduceOptions | BenchOptions, folder: ReportFolder
) -> tuple[dict[str, Any], Report]:
    """Run one experiment into one folder; return the contents of metrics.json, and the report."""
    start = time.perf_counter()
    from ..experiments import catalogue
    from ..experiments.base import RunConfig

    experiment = catalogue.experiment(name)
    shards = folder.path / "runs"
    kept_runs = shards.is_dir() and any(shards.iterdir())
    config = RunConfig(options.quick, options.seed, options.data, shards)
    with single_thread(), progress(name, len(experiment.parts), options.quiet) as advance:
        report = experiment.report(config, advance)
    folder.write_figures(report.figures)
    for file, rows in report.files.items():
        folder.write_table(file, rows)
    payload = _payload(name, options, report.rows, start, report.settings)
    _write(folder, payload, options, report.title, report.text.lead, report.text.body, kept_runs)
    for finding in report.text.findings:
        click.echo(f"{name}: {finding}")
    _tell_where(folder, payload, options)
    return payload, report


BENCH_EPILOG = "\b\n" + "\n".join(f"{name:<11} {text}" for name, text in summaries(BENCHES).items())


@command("bench", epilog=BENCH_EPILOG)
def bench(options: BenchOptions) -> Outcome:
    """Compare with peers on the same draws of labels: NAME is one of those below.

    Writes report.html, metrics.json, every figure as PNG and SVG, and the numbers as CSV. Finished
    draws are kept in the folder, and a command that was stopped goes on where it was.
    """
    folder = prepare_folder(options.folder, options.json)
    with options.cluster():
        payload, _ = run_experiment(options.name, options, folder)
    return Outcome(payload.pop("results"), extra=payload)


def _run_all(options: ReproduceOptions, folder: ReportFolder) -> dict[str, Any]:
    """Run every experiment into a folder of its own, and write a page that leads to them."""
    folders = {name: prepare_folder(folder.path / name, None) for name in EXPERIMENTS}
    start = time.perf_counter()
    from markupsafe import Markup, escape

    from ..experiments import catalogue
    from ..pages.text import section_html

    rows: list[dict[str, Any]] = []
    sections = []
    for index, (name, parts) in enumerate(folders.items(), start=1):
        try:
            payload, report = run_experiment(name, options, parts)
        except InputError as error:  # data that is not there: the others go on
            note(f"left out  {name}: {error.message}", options.quiet)
            lines, title = [escape(f"Left out: {error.message}")], catalogue.experiment(name).title
        else:
            rows += [{"experiment": name, **row} for row in payload["results"]]
            link = Markup('<a href="{}/report.html">The whole page</a>').format(name)
            lines, title = [*report.text.lead, link], report.title
        body = "".join(f"<p>{line}</p>\n" for line in lines)
        sections.append(section_html(index, escape(title), body))
    payload = _payload("all", options, rows, start, {})
    lead = [f"{len(sections)} experiments, each with figures, tables and numbers."]
    _write(folder, payload, options, "The paper, run for real", lead, Markup("".join(sections)))
    _tell_where(folder, payload, options)
    return payload


def _payload(
    name: str,
    options: ReproduceOptions | BenchOptions,
    rows: list[dict[str, Any]],
    start: float,
    settings: Any,
) -> dict[str, Any]:
    """Return the contents of metrics.json."""
    common = {"quick": options.quick, "seed": options.seed, "device": "cpu"}
    return {
        "experiment": name,
        "settings": {**common, **settings},
        "results": rows,
        "environment": environment("cpu"),
        "seconds": time.perf_counter() - start,
    }


def _write(
    folder: ReportFolder,
    payload: dict[str, Any],
    options: ReproduceOptions | BenchOptions,
    title: str,
    lead: Any,
    body: str,
    kept_runs: bool = False,
) -> None:
    """Write the page and metrics.json."""
    from ..pages import render_page

    folder.write_page(
        render_page(
            title=title,
            lead=lead,
            body=body,
            settings=payload["settings"],
            environment=payload["environment"],
            seconds=payload["seconds"],
            command=options.typed(payload["experiment"]),
            kept_runs=kept_runs,
        )
    )
    write_json(folder.metrics, payload)


def _tell_where(
    folder: ReportFolder, payload: dict[str, Any], options: ReproduceOptions | BenchOptions
) -> None:
    note(f"written   {folder.page}, in {payload['seconds']:.0f} s", options.quiet)
