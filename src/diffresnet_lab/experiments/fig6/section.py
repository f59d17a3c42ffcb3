"""The words, the table and the picture of Fig. 6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.manifold import TSNE

from ...pages.figures.embedding import Scatter, task_scatters
from ...pages.section import Cell, Picture, Section, Table
from ..experiment import Part, Setup
from ..fewshot.curve_section import NETWORK
from ..fewshot.curves import Plan, preset_of
from ..fewshot.runs import Draw, draws
from ..fewshot.sources import FeatureSet, feature_sets, left_out
from ..fewshot.words import SHOWN, all_left_out
from .features import Inside, inside

TASK = 0
"""The first of the list: chosen before it was looked at."""

PERPLEXITY = 15.0
"""About the number of rows of a class."""


@dataclass(frozen=True, eq=False)
class Case:
    of: FeatureSet
    draw: Draw
    found: Inside

    @property
    def title(self) -> str:
        return f"{self.of.source.title}, {self.draw.title}"


def fig6(setup: Setup, plan: Plan | None = None) -> Part:
    """The first task of each list, before and after diffusion.

    Raises
    ------
    InputError
        If there are no features.
    """
    plan = plan or Plan.of(setup)
    sets = feature_sets(setup, plan.classes, plan.sources)
    cases = [
        Case(of, draw, inside(of, draw, TASK, setup.seed))
        for of in sets
        for draw in draws(of, plan.shots)
    ]
    text = (
        "Each dot is a row of one task, placed by t-SNE: near neighbours stay near, while the "
        "sizes of heaps and the distances between them mean nothing. Stars are labelled rows, "
        "circles queries; a class has a colour and a number. Left, the features that the residual "
        "block of the trained network gives to its diffusion; right, what the diffusion makes of "
        "them, which is what the linear layer sees. The two are placed independently.",
        f"The task is the first of the list of seed {setup.seed}, of "
        f"{SHOWN[plan.classes]} classes: it was not chosen by its looks, and one task proves "
        f"nothing. {NETWORK}",
        *(_steps(case) for case in cases),
        *all_left_out(left_out(setup, plan.classes, plan.sources), ()),
    )
    section = Section(
        "Features before and after diffusion (Fig. 6 of the paper)",
        text,
        (_table(cases),),
        tuple((_picture(of, [c for c in cases if c.of == of], setup.seed),) for of in sets),
    )
    settings = {"task": TASK, "perplexity": PERPLEXITY, "classes": plan.classes}
    return Part(section, _rows(cases), _finding(cases), settings)


def placed(features: Float[np.ndarray, "n d"], seed: int) -> Float[np.ndarray, "n 2"]:
    """Rows in the plane by t-SNE, from their first two principal components."""
    model = TSNE(perplexity=PERPLEXITY, init="pca", random_state=seed)
    return np.asarray(model.fit_transform(features), dtype=np.float64)


def _steps(case: Case) -> str:
    how = preset_of(case.of, case.draw.shots).settings
    return (
        f"{case.title}: γ = {how['gamma']:g}, r = {how['steps']}; mean "
        "distance of two rows of one class, as a share of that of two rows of different classes, "
        f"{case.found.tightness(case.found.before):.2f} before and "
        f"{case.found.tightness(case.found.after):.2f} after."
    )


def _rows(cases: Sequence[Case]) -> list[dict[str, Any]]:
    return [
        {
            "data": case.of.source.data,
            "backbone": case.of.source.backbone,
            "classes": case.of.classes,
            "shots": case.draw.shots,
            "task": TASK,
            "diffused": diffused,
            "nearest_prototype": case.found.nearest(features),
            "tightness": case.found.tightness(features),
            "network": case.found.accuracy,
        }
        for case in cases
        for diffused, features in ((False, case.found.before), (True, case.found.after))
    ]


def _finding(cases: Sequence[Case]) -> str:
    said = [
        f"{case.title}: {case.found.tightness(case.found.before):.2f} to "
        f"{case.found.tightness(case.found.after):.2f}"
        for case in cases
    ]
    return (
        "Distance within a class as a share of that between classes, before and after diffusion, "
        f"in the first task: {'; '.join(said)}."
    )


def _table(cases: Sequence[Case]) -> Table:
    rows = []
    for case in cases:
        found = case.found
        rows.append(
            (
                case.title,
                (
                    Cell(f"{found.nearest(found.before):.1f}"),
                    Cell(f"{found.nearest(found.after):.1f}"),
                    Cell(f"{found.accuracy:.1f}"),
                    Cell(f"{found.tightness(found.before):.2f}"),
                    Cell(f"{found.tightness(found.after):.2f}"),
                ),
            )
        )
    return Table(
        caption="The task in numbers",
        header=(
            "",
            "nearest prototype before, %",
            "after, %",
            "network, %",
            "within / between before",
            "after",
        ),
        rows=tuple(rows),
        note="Accuracy on the 75 queries: by the nearest mean of labelled rows, in the features "
        "before and after diffusion, and by the linear layer of the network.",
    )


def _picture(of: FeatureSet, cases: Sequence[Case], seed: int) -> Picture:
    rows = {}
    for case in cases:
        found = case.found
        rows[case.draw.title] = {
            name: Scatter(placed(features, seed), found.classes, found.labelled)
            for name, features in (("before", found.before), ("after", found.after))
        }
    return Picture(
        task_scatters(rows),
        alt="Pairs of scatter plots of a task: left before diffusion, right after it. "
        + " ".join(
            f"At {case.draw.title} the nearest mean of labelled rows is right for "
            f"{case.found.nearest(case.found.before):.0f}% of queries before, and for "
            f"{case.found.nearest(case.found.after):.0f}% after."
            for case in cases
        ),
        caption=f"{of.source.title}: t-SNE of the rows of one task, before diffusion and after.",
        name="fig6" if of.source.name == "cifarfs_efficientnet-lite0" else f"fig6_{of.source.name}",
    )
