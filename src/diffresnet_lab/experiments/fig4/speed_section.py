"""The words and tables on the speed of Fig. 4."""

from __future__ import annotations

from collections.abc import Sequence

from ...pages.section import Cell, Section, Table
from .speed import WAYS, Comparison
from .training import EPOCHS

MEANING = {
    "PyTorch loop": "PyTorch’s sparse product, r times",
    "plain loop": "one step of diffuse, r times",
    "diffuse": "diffuse, r steps in one call",
    "map": "precomputed map",
    "diffuse, shared": f"diffuse, {WAYS['diffuse, shared']} networks at once",
    "map, shared": f"precomputed map, {WAYS['map, shared']} networks at once",
}


def speed_section(found: Sequence[Comparison], repeats: int) -> Section:
    """What each way of computing the diffusion costs, beside the plain loop."""
    difference = max(c.loss_difference for c in found)
    other = sum(c.other_predictions for c in found)
    slower = [c.task.name for c in found if c.ratio("map", "diffuse") < 1.0]
    return Section(
        title="One precomputed map instead of a loop",
        text=(
            "Training goes through the diffusion forwards and backwards at every step, and the "
            "plain loop makes r sparse products each way. As nothing is trained or drawn between "
            "the diffusion steps, they are one matrix, S = (I − γ L)ʳ, which is the same in all "
            "training. It takes about log₂ r products of n × n matrices to make and one product "
            "to apply; it holds 8 n² bytes.",
            f"All ways train alike: the loss differs by at most {difference:.0e} from the plain "
            f"loop’s over all steps, and {other or 'no'} predictions differ.",
            "The map has to earn its making. "
            + (
                f"For a single network of {EPOCHS} steps it does not do so against one call of "
                f"diffuse on: {', '.join(slower)}. "
                if slower
                else f"Even for a single network of {EPOCHS} steps it does so against one call of "
                "diffuse. "
            )
            + "Networks on the same points share it, which spreads the cost of its making. The "
            "plain loop is r layers of one diffusion step each, of which every one prepares its "
            "matrix and is recorded for the way back; one call of diffuse does both once.",
        ),
        tables=tuple(_speed_table(c, repeats) for c in found),
    )


def _speed_table(found: Comparison, repeats: int) -> Table:
    return Table(
        caption=f"Training the network of {found.task.name}: {found.points:,} points, "
        f"{found.task.steps} diffusion steps, {EPOCHS} training steps",
        header=("Diffusion computed by", "Seconds a network", "Times as fast as the plain loop"),
        rows=tuple(
            (
                MEANING[way],
                (
                    Cell(f"{seconds:.3f}"),
                    Cell(f"{found.ratio(way):.2f}", loss=found.ratio(way) < 1.0),
                ),
            )
            for way, seconds in found.seconds.items()
        ),
        note=f"Medians of {repeats} runs in turns, in float64 on one thread. Making the map, "
        f"{found.making:.2f} s, is counted; making the graph is not.",
    )
