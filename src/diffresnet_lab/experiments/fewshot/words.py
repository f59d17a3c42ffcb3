"""Cells and sentences that the few-shot pages share."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from ...pages.section import Cell
from ...pages.words import signed
from ...statistics import Estimate
from .sources import Classes, FeatureSet

NONE = Cell("–")

SHOWN = {"novel": "novel", "val": "validation"}


def plus_minus(ci95: float, digits: int = 2) -> str:
    """What follows a mean; nothing where a single task has no interval."""
    return "" if isnan(ci95) else f"± {ci95:.{digits}f}"


def said(found: Estimate, digits: int = 1) -> str:
    """A mean and its interval, as a sentence has it."""
    return f"{found.mean:.{digits}f} {plus_minus(found.ci95, digits)}".rstrip()


def said_ahead(found: Estimate, digits: int = 1) -> str:
    """A difference with its sign and its interval."""
    return f"{signed(found.mean, digits)} {plus_minus(found.ci95, digits)}".rstrip()


def difference_cell(found: Estimate | None) -> Cell:
    """Marked where the difference is below zero by more than its interval."""
    if found is None:
        return NONE
    return Cell(signed(found.mean, 2), plus_minus(found.ci95), loss=found.mean < -found.ci95)


def verdict(found: Estimate) -> str:
    """Where one stands to the other: apart only if the interval leaves out zero."""
    if abs(found.mean) > found.ci95:
        return "ahead of" if found.mean > 0 else "behind"
    return "not clearly apart from"


def glimpse(classes: Classes) -> str:
    """What a finding begins with where the classes are not those that results are told of."""
    return "" if classes == "novel" else "(A few tasks of validation classes, for a look.) "


def protocol(sets: Sequence[FeatureSet], classes: Classes, seed: int) -> str:
    """How tasks are drawn, and from what."""
    about = " ".join(f"{of.source.title}: {of.source.about}." for of in sets)
    more = "".join(
        f" ({of.source.ways} on {of.source.title})" for of in sets if of.source.ways != 5
    )
    which = (
        "All tasks are of novel classes; settings were chosen on validation classes before."
        if classes == "novel"
        else "All tasks here are of validation classes: this is a look at the page, made from few "
        "tasks, and nothing of it is a result."
    )
    return (
        f"A task has 5 classes{more}, 1 or 5 labelled rows (shots) of each, and queries to be "
        f"labelled. "
        f"Accuracy is the share of queries whose class is right, in percent, averaged over tasks; "
        f"± is the 95% interval 1.96 std / √tasks. All methods see the same tasks (seed {seed}), "
        f"so that differences are paired, task by task. {which} {about}"
    )


def all_left_out(missing: Sequence[str], methods: Sequence[str]) -> tuple[str, ...]:
    """Sentences on sources, and on methods that do not exist."""
    without = (f"Left out, as not there: the methods {', '.join(methods)}.",) if methods else ()
    return (*missing, *without)
