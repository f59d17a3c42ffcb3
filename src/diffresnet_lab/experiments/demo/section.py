"""The page's section on digits: what was done, who got how far, and where we lose."""

from __future__ import annotations

import math

from ...pages.figures import error_chart
from ...pages.section import Cell, Picture, Section, Table, best_cells
from ...pages.words import signed
from .digits import METHODS, REFERENCE, DigitsSettings, Scores, digits_rows, paired_differences

TITLES = {method: title for method, (title, _) in METHODS.items()}


def digits_section(scores: Scores, settings: DigitsSettings) -> Section:
    """Tables of accuracies and of paired differences, and the chart of every draw."""
    return Section(
        title="Handwritten digits from a handful of labels",
        text=(
            "The data are scikit-learn’s 1,797 small images of handwritten digits. A few images of "
            "each digit keep their label, every method labels all others, and what counts is the "
            f"share it gets right. This is repeated for {settings.draws} draws of the labelled "
            "images, and every method gets the same draws and the same pixels, scaled to between 0 "
            "and 1. (The networks’ fixed learning rate makes them sensitive to that scale.)",
            "DiffusionClassifier, at its defaults, moves the features along a graph that links "
            "each image to those most like it, fits a linear model to the labelled ones, and "
            "spreads its scores along the same graph. Diff-ResNet is the paper’s network: a "
            "residual block, then 40 diffusion steps. Without diffusion it is the same network "
            "with none, trained by the same optimiser. LabelSpreading (with nearest neighbours) "
            "and logistic regression are scikit-learn’s.",
            "The defaults of DiffusionClassifier were settled with digits among the data in view: "
            "how it does on your data, only your data can tell.",
        ),
        tables=(accuracy_table(scores), difference_table(scores)),
        galleries=((_chart(scores),),),
    )


def accuracy_table(scores: Scores) -> Table:
    """Mean and standard deviation over draws, the best of each column marked."""
    rows = list(digits_rows(scores))
    columns = []
    for count in _counts(scores):
        own = [row for row in rows if row["labels_per_class"] == count]
        cells = [Cell(f"{row['accuracy']:.1f}", _spread(row["std"])) for row in own]
        columns.append(best_cells([row["accuracy"] for row in own], cells))
    return Table(
        caption="Accuracy on the unlabelled images in percent, by labels per digit",
        header=("Method", *_labels(scores)),
        rows=_by_method(list(scores), columns),
        note="Mean ± standard deviation over draws; the best of each column is bold.",
    )


def difference_table(scores: Scores) -> Table:
    """How far the reference is ahead on the same draws; where it is behind, marked."""
    rows = list(paired_differences(scores))
    columns = []
    for count in _counts(scores):
        own = [row for row in rows if row["labels_per_class"] == count]
        columns.append(
            tuple(
                Cell(
                    signed(row["difference"], 2),
                    _spread(row["standard_error"], 2),
                    loss=round(row["difference"], 2) < 0,
                )
                for row in own
            )
        )
    others = [method for method in scores if method != REFERENCE]
    losses = sum(cell.loss for column in columns for cell in column)
    total = sum(len(column) for column in columns)
    tally = f"It is behind in {losses or 'none'} of {total}"
    return Table(
        caption=f"{TITLES[REFERENCE]} minus each other method, in percentage points",
        header=("Method", *_labels(scores)),
        rows=_by_method(others, columns),
        note="Mean ± standard error of the differences draw by draw; a negative number, marked "
        f"in red, is a loss of {TITLES[REFERENCE]}. {tally}.",
    )


def headline(scores: Scores) -> str:
    """What came out with the fewest labels, in one sentence."""
    count = min(_counts(scores))
    ours, theirs = (
        float(scores[method][count].mean()) for method in (REFERENCE, "logistic_regression")
    )
    given = "one labelled image" if count == 1 else f"{count} labelled images"
    return (
        f"With {given} of each digit, {TITLES[REFERENCE]} labels {ours:.1f}% of all others "
        f"correctly; logistic regression on the same labels, {theirs:.1f}%."
    )


def _chart(scores: Scores) -> Picture:
    titled = {TITLES[method]: of_method for method, of_method in scores.items()}
    means = "; ".join(
        f"{title}: "
        + ", ".join(
            f"{100 - values.mean():.1f} with {count}" for count, values in of_method.items()
        )
        for title, of_method in titled.items()
    )
    return Picture(
        error_chart(titled, "labels per digit"),
        alt=f"Chart of wrong labels per 100 images, by labels per digit. Means: {means}.",
        caption="Each pale dot is one draw, each marker the mean of a method. Lower is better.",
    )


def _counts(scores: Scores) -> list[int]:
    return list(scores[REFERENCE])


def _labels(scores: Scores) -> tuple[str, ...]:
    return tuple(f"{n} label{'s' * (n != 1)}" for n in _counts(scores))


def _by_method(
    methods: list[str], columns: list[tuple[Cell, ...]]
) -> tuple[tuple[str, tuple[Cell, ...]], ...]:
    rows = zip(*columns, strict=True)
    return tuple((TITLES[method], cells) for method, cells in zip(methods, rows, strict=True))


def _spread(value: float, digits: int = 1) -> str:
    return "" if math.isnan(value) else f"± {value:.{digits}f}"
