"""diffresnet demo: what the library does, on data that come with scikit-learn."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from diffresnet.cli.command import Outcome, command
from diffresnet.cli.options import Option, SeedOption
from diffresnet.cli.progress import progress
from diffresnet.cli.result import environment, write_json

from .results import prepare_folder, print_table, single_thread

if TYPE_CHECKING:
    from ..experiments.demo.digits import DigitsConfig


@dataclass(frozen=True, kw_only=True)
class DemoOptions(SeedOption):
    """Options of `diffresnet demo`."""

    out: Annotated[
        Path,
        Option(
            help="Folder for report.html, its figures and metrics.json; made if not there.",
            metavar="DIR",
        ),
    ] = Path("demo")

    def made_folders(self) -> tuple[Path, ...]:
        return (self.out,)


@command("demo")
def demo(options: DemoOptions) -> Outcome:
    """Label handwritten digits from 1, 5 and 20 labels each, and write a report.

    Nothing is downloaded. The report, one HTML file to open in any browser, compares
    DiffusionClassifier with other methods on the same labels, and shows features before and after
    diffusion. Both figures are files too, as PNG and SVG.
    """
    from ..experiments.demo.digits import DigitsConfig

    return run(options, DigitsConfig(seed=options.seed))


def run(options: DemoOptions, config: DigitsConfig) -> Outcome:
    """Run the demo, with as many draws as the configuration says."""
    start = time.perf_counter()
    folder = prepare_folder(options.out, options.json)
    from ..experiments.demo import page
    from ..pages import render_page

    # 1,797 digits are too few to share among threads.
    steps = page.demo_steps(config)
    with single_thread(), progress("labelling digits", steps, options.quiet) as advance:
        result = page.run_demo(config, advance)
    payload: dict[str, Any] = {
        "experiment": "demo",
        "settings": {
            "data": "digits",
            "labels_per_class": config.labels_per_class,
            "draws": config.draws,
            "seed": config.seed,
            "device": "cpu",
        },
        "results": result.rows,
        "environment": environment("cpu"),
        "seconds": time.perf_counter() - start,
    }
    html = render_page(
        title="A few labels, and diffusion for the rest",
        lead=result.text.lead,
        body=result.text.body,
        settings=payload["settings"],
        environment=payload["environment"],
        seconds=payload["seconds"],
        command=f"diffresnet demo --seed {config.seed}",
    )
    print_table(result.accuracies)
    return Outcome(
        payload.pop("results"),
        extra=payload,
        write=[
            lambda: folder.write_figures(result.figures),
            lambda: folder.write_page(html),
            lambda: write_json(folder.metrics, {**payload, "results": result.rows}),
        ],
        summary=f"written   {folder.page} and {folder.metrics.name}, in {{seconds}} s",
    )
