"""Proposition 1: where subsets are components of the graph, L/D grows exponentially."""

from __future__ import annotations

import numpy as np

from ...pages.section import Cell, Picture, Section, Table
from ...pages.words import short
from ..experiment import Experiment, Part, Setup
from .figures import connecting_curve, digits_window, rates_figure, window_map
from .geometry import geometry_rows
from .rates import GAMMA, Followed, followed
from .tables import geometry_table, rates_table
from .window import BOUNDS, Window, connecting_k, digits_edges, xor_window
from .words import MATHS, moral, window_text

NTOPS = (3, 4, 5, 6, 8, 10, 15, 20, 25, 30, 40, 60, 80)
SIGMAS = (0.1, 0.2, 0.3, 0.5, 0.8, 1.5)
NEIGHBOURS = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40)


def _steps(setup: Setup) -> Part:
    cases = followed(setup)
    rows = [{"set": found.case.name, **row} for found in cases for row in found.motion.rows()]
    best = max(cases, key=lambda found: float(found.motion.ratio[-1] / found.motion.ratio[0]))
    picture = Picture(
        rates_figure(cases),
        alt="L/D on logarithmic scales against diffusion steps: "
        + "; ".join(
            f"{f.case.name} from {short(f.motion.ratio[0])} to {short(f.motion.ratio[-1])} in "
            f"{f.motion.steps[-1]:,} steps"
            for f in cases
        )
        + ".",
        caption="L/D along the diffusion. Dashed, through the last point: growth by the slowest "
        "mode of the graph, or the level that the graph foretells. There is none where D and L "
        "vanish together.",
        name="prop1",
    )
    growing = sum(bool(f.motion.ratio[-1] > 10.0 * f.motion.ratio[0]) for f in cases)
    return Part(
        Section(
            "L/D along a diffusion",
            (*MATHS, *moral(cases)),
            galleries=((picture,),),
        ),
        rows,
        f"L/D grows more than tenfold on {growing} of {len(cases)} sets, by up to "
        f"{short(float(best.motion.ratio[-1] / best.motion.ratio[0]))} times ({best.case.name}).",
        {"gamma": GAMMA, "sigma": 0.5, "precision": "float64"},
    )


def _rates(setup: Setup) -> Part:
    cases = followed(setup)
    fitted = [found for found in cases if found.fitted is not None]
    worst = max(abs(_gap(found) / (1.0 - found.graph.contraction) - 1.0) for found in fitted)
    section = Section(
        "The rate of D, fitted and foretold",
        (
            "The factor by which D falls a step is fitted by least squares on log D, over the last "
            "third of the steps at which D is above rounding; each set is followed until its "
            "slowest mode has fallen by several powers of ten. Foretold is max |1 − γλ| over the "
            "eigenvalues λ ≠ 0 of the graph, which knows nothing of the points’ motion. For the "
            "synthetic sets the graph is that of the start, as in the paper, and is kept.",
        ),
        tables=(rates_table(cases), geometry_table(cases)),
    )
    return Part(
        section,
        [found.row() for found in cases],
        f"Where D vanishes, its fitted rate 1 − factor and the eigenvalue of the graph agree to "
        f"{100 * worst:.2g}% or better ({len(fitted)} sets).",
        {"fit": "log D, last third of the steps above rounding"},
    )


def _gap(found: Followed) -> float:
    assert found.fitted is not None
    return 1.0 - found.fitted


def _window(setup: Setup) -> Part:
    ntops = (4, 6, 10, 20, 25, 40) if setup.quick else NTOPS
    sigmas = SIGMAS[1::2] if setup.quick else SIGMAS
    window = xor_window(ntops, sigmas, seed=setup.seed)
    cross, pieces = digits_edges(NEIGHBOURS)
    counts = (50, 100, 200, 400, 800) if setup.quick else (50, 100, 200, 400, 800, 1600, 3200)
    draws = 5 if setup.quick else 20
    found = np.array(
        [[connecting_k(n, setup.seed + draw) for draw in range(draws)] for n in counts], float
    )
    slopes = [float(np.polyfit(np.log(counts), found[:, :, c].mean(1), 1)[0]) for c in (0, 1)]
    rows = window.rows()
    rows += [
        {"set": "digits", "neighbours": k, "cross_edges": float(c), "pieces": int(p)}
        for k, c, p in zip(NEIGHBOURS, cross, pieces, strict=True)
    ]
    rows += [
        {
            "set": "disc",
            "points": n,
            "draws": draws,
            "connecting_k": float(found[i, :, 0].mean()),
            "one_closed_class_k": float(found[i, :, 1].mean()),
        }
        for i, n in enumerate(counts)
    ]
    text = window_text(window, NEIGHBOURS, cross, pieces, slopes, BOUNDS, draws)
    return Part(
        Section(
            "The window of ntop and σ",
            text,
            galleries=(
                (_map(window),),
                (_digits(cross, pieces), _connecting(counts, found)),
            ),
        ),
        rows,
        _finding(window),
        {"set": "xor", "gamma": GAMMA, "steps": window.steps, "draws": draws},
    )


def _finding(window: Window) -> str:
    inside = window.applies
    if not inside:
        return "On XOR no ntop of the grid keeps the discs both connected and apart."
    return (
        f"On XOR the proposition applies for ntop from {inside[0]} to {inside[-1]} (of the "
        f"grid); σ only sets the speed."
    )


def _map(window: Window) -> Picture:
    figure = window_map(
        window.ntops, window.sigmas, window.ratio, window.joined, window.broken, window.steps
    )
    inside = window.applies
    frame = f"from ntop {inside[0]} to {inside[-1]}" if inside else "empty"
    return Picture(
        figure,
        alt=f"Map of L/D after {window.steps} steps over ntop and sigma on XOR, from "
        f"{short(window.ratio.min())} to {short(window.ratio.max())}. The window where each disc "
        f"is connected and no edge joins two is {frame}.",
        caption="L/D on XOR. ○: some disc falls into several closed classes. ×: some edge joins "
        "two discs. Framed: neither, so that Proposition 1 applies.",
        name="prop1_window",
    )


def _digits(cross: np.ndarray, pieces: np.ndarray) -> Picture:
    return Picture(
        digits_window(NEIGHBOURS, cross, pieces),
        alt=f"From {NEIGHBOURS[0]} to {NEIGHBOURS[-1]} neighbours the share of edges between "
        f"classes of digits rises from {100 * cross[0]:.1f}% to {100 * cross[-1]:.1f}%, and the "
        f"pieces of the classes fall from {pieces[0]} to {pieces[-1]}.",
        caption="Digits with their true classes: edges between classes, and the connected pieces "
        "that the classes fall into without these edges.",
        name="prop1_digits",
    )


def _connecting(counts: tuple[int, ...], found: np.ndarray) -> Picture:
    return Picture(
        connecting_curve(counts, found[:, :, 0], found[:, :, 1], BOUNDS),
        alt=f"The smallest k that connects random points rises from {found[0, :, 0].mean():.1f} at "
        f"{counts[0]} points to {found[-1, :, 0].mean():.1f} at {counts[-1]}; with directions from "
        f"{found[0, :, 1].mean():.1f} to {found[-1, :, 1].mean():.1f}.",
        caption="Smallest number of neighbours that connects n random points in a disc: mean, "
        "least and most over draws. Dashed: between these multiples of ln n lies the threshold as "
        "n grows.",
        name="prop1_connectivity",
    )


def _geometry(setup: Setup) -> Part:
    rows = geometry_rows(4000 if setup.quick else 10_000, setup.seed)
    worst = max(row["relative_difference"] for row in rows)
    table = Table(
        "D and L two ways",
        ("", "points × dimensions", "D", "L", "relative difference", "times faster"),
        tuple(
            (
                row["set"],
                (
                    Cell(f"{row['points']:,} × {row['dimensions']}"),
                    Cell(short(row["diameter"])),
                    Cell(short(row["distance"])),
                    Cell(short(row["relative_difference"])),
                    Cell(f"{row['times_faster']:.1f}", loss=row["times_faster"] < 1.0),
                ),
            )
            for row in rows
        ),
        note="One thread, the least of three runs each.",
    )
    return Part(
        Section(
            "How D and L are measured",
            (
                "All pairs of n points are n²/2 distances. In two and three dimensions only "
                "corners of a subset’s convex hull can be farthest apart, and a k-d tree finds the "
                "nearest pair; elsewhere one product of matrices screens all pairs, and those that "
                "its rounding leaves in doubt are measured by differences. Balls around subsets "
                "rule out the rest. Both ways must find the same numbers:",
            ),
            tables=(table,),
        ),
        rows,
        f"The fast geometry differs from measuring every pair by at most "
        f"{short(worst)} of the value.",
    )


EXPERIMENT = Experiment(
    "prop1",
    "L/D grows exponentially (Proposition 1)",
    {"steps": _steps, "rates": _rates, "window": _window, "geometry": _geometry},
)
