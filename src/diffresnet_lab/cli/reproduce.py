"""diffresnet reproduce: the figures, tables and theorems of the paper, run for real."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diffresnet.cli.decorators import data_option, json_option, paper_seed_option, quiet_option
from diffresnet.cli.progress import note, progress
from diffresnet.cli.result import environment, write_json
from diffresnet.errors import InputError

from ..experiments.catalogue import EXPERIMENTS
from .results import prepare_folder, single_thread

if TYPE_CHECKING:
    from ..experiments.experiment import Setup
    from ..pages import ReportFolder, Section


EPILOG = "\b\n" + "\n".join(f"{name:<11} {text}" for name, text in EXPERIMENTS.items())


@click.command(name="reproduce", epilog=EPILOG)
@click.argument("name", type=click.Choice([*EXPERIMENTS, "all"]), metavar="NAME")
@click.option("--quick", is_flag=True, help="Less of everything: under a minute on two cores.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder for the page, figures and tables; made if not there.  [default: reproduce/NAME]",
)
@paper_seed_option
@data_option
@json_option
@quiet_option
def command(
    name: str,
    quick: bool,
    out: Path | None,
    seed: int,
    data: Path | None,
    json_path: Path | None,
    quiet: bool,
) -> None:
    """Run an experiment of the paper: NAME is one of those below, or all.

    Writes report.html, metrics.json, every figure as PNG and SVG, and the numbers as CSV. With
    all, each experiment has a folder of its own in DIR, and report.html there leads to them.
    """
    from ..experiments.experiment import Setup

    setup = Setup(quick=quick, seed=seed, data=data)
    if name == "all":
        _run_all(setup, out or Path("reproduce"), json_path, quiet)
    else:
        folder = prepare_folder(out or Path("reproduce") / name, json_path)
        payload, _ = _run(name, setup, folder, quiet)
        write_json(json_path, payload)


def _run(
    name: str, setup: Setup, folder: ReportFolder, quiet: bool
) -> tuple[dict[str, Any], list[str]]:
    """One experiment into one folder; what metrics.json holds, and what was found."""
    start = time.perf_counter()
    from ..experiments.catalogue import experiment
    from ..experiments.experiment import rows_of, tables_of

    chosen = experiment(name)
    shards = folder.path / "runs"
    kept_runs = shards.is_dir() and any(shards.iterdir())
    with single_thread(), progress(name, len(chosen.parts), quiet) as advance:
        parts = chosen.run(replace(setup, shards=shards), advance)
    sections = [part.section for part in parts.values()]
    folder.write_pictures(sections)
    for table, rows in tables_of(name, parts).items():
        folder.write_table(table, rows)
    settings: dict[str, Any] = {"quick": setup.quick, "seed": setup.seed, "device": "cpu"}
    settings |= {part: dict(found.settings) for part, found in parts.items() if found.settings}
    found = [line for part in parts.values() for line in part.finding.splitlines()]
    payload = {
        "experiment": name,
        "settings": settings,
        "results": rows_of(parts),
        "environment": environment("cpu"),
        "seconds": time.perf_counter() - start,
    }
    _write(folder, payload, sections, chosen.title, found, setup, kept_runs=kept_runs)
    for line in found:
        click.echo(f"{name}: {line}")
    _tell_where(folder, payload, quiet)
    return payload, found


def _run_all(setup: Setup, out: Path, json_path: Path | None, quiet: bool) -> None:
    folder = prepare_folder(out, json_path)
    folders = {name: prepare_folder(out / name, None) for name in EXPERIMENTS}
    start = time.perf_counter()
    from ..experiments.catalogue import experiment
    from ..pages import Section

    results: list[dict[str, Any]] = []
    sections = []
    for name, own in folders.items():
        try:
            payload, found = _run(name, setup, own, quiet)
        except InputError as error:  # data that is not there: the others go on
            note(f"left out  {name}: {error}", quiet)
            sections.append(Section(experiment(name).title, (f"Left out: {error}",)))
            continue
        results += [{"experiment": name, **row} for row in payload["results"]]
        sections.append(
            Section(
                experiment(name).title, tuple(found), link=(f"{name}/report.html", "The whole page")
            )
        )
    payload = {
        "experiment": "all",
        "settings": {"quick": setup.quick, "seed": setup.seed, "device": "cpu"},
        "results": results,
        "environment": environment("cpu"),
        "seconds": time.perf_counter() - start,
    }
    lead = f"{len(sections)} experiments, each with figures, tables and numbers."
    _write(folder, payload, sections, "The paper, run for real", lead, setup)
    write_json(json_path, payload)
    _tell_where(folder, payload, quiet)


def _write(
    folder: ReportFolder,
    payload: dict[str, Any],
    sections: Sequence[Section],
    title: str,
    lead: str | list[str],
    setup: Setup,
    *,
    kept_runs: bool = False,
) -> None:
    """The page, and metrics.json."""
    from ..pages import render

    folder.write_page(
        render(
            sections,
            title=title,
            lead=lead,
            settings=payload["settings"],
            environment=payload["environment"],
            seconds=payload["seconds"],
            command=_typed(payload["experiment"], setup),
            kept_runs=kept_runs,
        )
    )
    write_json(folder.metrics, payload)


def _tell_where(folder: ReportFolder, payload: dict[str, Any], quiet: bool) -> None:
    note(f"written   {folder.page}, in {payload['seconds']:.0f} s", quiet)


def _typed(name: str, setup: Setup) -> str:
    quick = " --quick" if setup.quick else ""
    seed = "" if setup.seed == 42 else f" --seed {setup.seed}"
    return f"diffresnet reproduce {name}{quick}{seed}"
