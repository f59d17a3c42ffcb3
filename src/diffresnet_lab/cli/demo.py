"""diffresnet demo: what the library does, on data that come with scikit-learn."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diffresnet.cli.decorators import json_option, quiet_option, seed_option
from diffresnet.cli.progress import note, progress
from diffresnet.cli.result import environment, write_json

from .results import prepare_folder, print_table, single_thread

if TYPE_CHECKING:
    from ..experiments.demo.digits import DigitsSettings


@click.command(name="demo")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    default=Path("demo"),
    show_default=True,
    help="Folder for report.html and metrics.json; made if it is not there.",
)
@seed_option
@json_option
@quiet_option
def command(out: Path, seed: int, json_path: Path | None, quiet: bool) -> None:
    """Label handwritten digits from 1, 5 and 20 labels each, and write a report.

    Nothing is downloaded. The report, one HTML file to open in any browser, compares
    DiffusionClassifier with other methods on the same labels, and shows features before and after
    diffusion.
    """
    from ..experiments.demo.digits import DigitsSettings

    run(DigitsSettings(seed=seed), out, json_path, quiet)


def run(settings: DigitsSettings, out: Path, json_path: Path | None, quiet: bool) -> None:
    """The command, with as many draws as the settings say."""
    start = time.perf_counter()
    folder = prepare_folder(out, json_path)
    from ..experiments.demo import demo_steps, run_demo
    from ..experiments.demo.section import accuracy_table
    from ..pages import render

    # 1,797 digits are too few to share among threads.
    with single_thread(), progress("labelling digits", demo_steps(settings), quiet) as advance:
        demo = run_demo(settings, advance)
    chosen: dict[str, Any] = {
        "data": "digits",
        "labels_per_class": settings.labels_per_class,
        "draws": settings.draws,
        "seed": settings.seed,
        "device": "cpu",
    }
    facts = environment("cpu")
    seconds = time.perf_counter() - start
    html = render(
        demo.sections,
        title="A few labels, and diffusion for the rest",
        lead=demo.lead,
        settings=chosen,
        environment=facts,
        seconds=seconds,
        command=f"diffresnet demo --seed {settings.seed}",
    )
    folder.write_page(html)
    payload = {
        "experiment": "demo",
        "settings": chosen,
        "results": demo.rows,
        "environment": facts,
        "seconds": seconds,
    }
    write_json(folder.metrics, payload)
    write_json(json_path, payload)
    print_table(accuracy_table(demo.scores))
    note(f"written   {folder.page} and {folder.metrics.name}, in {seconds:.0f} s", quiet)
