"""What the numbers of Table I say, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from ...pages.words import signed_within
from ...statistics import Estimate
from .graphs import title
from .study import BEST, MENDED, OURS, REFERENCE, WITHOUT, Result, difference, find

CLAIM = 15.0
"""Points by which, the paper says, diffusion gains on average over No-Diff-ResNet: more than."""


def datasets(results: Sequence[Result]) -> list[str]:
    """The data sets, in the order in which they came."""
    return list(dict.fromkeys(result.dataset for result in results))


def within(value: float, error: float, digits: int = 1) -> str:
    """A number and its standard error, where there is one.

    Examples
    --------
    >>> within(80.04, 0.31), within(80.04, float("nan"))
    ('80.0 ± 0.3', '80.0')
    """
    return f"{value:.{digits}f}" + ("" if isnan(error) else f" ± {error:.{digits}f}")


def ahead(found: Estimate) -> str:
    """A difference with its sign and its standard error."""
    return signed_within(found.mean, found.error)


def gains(results: Sequence[Result], model: str = REFERENCE) -> dict[str, Estimate]:
    """Data set -> what a Diff-ResNet gains over No-Diff-ResNet there, paired by split."""
    found = {}
    for name in datasets(results):
        one, other = find(results, name, model), find(results, name, WITHOUT)
        if one is not None and other is not None:
            found[name] = difference(one, other)
    return found


def mean_gain(found: Sequence[Estimate]) -> Estimate:
    """The mean over data sets, whose splits are independent of each other's."""
    k = len(found)
    error = sum(each.error**2 for each in found) ** 0.5 / k
    mean = sum(each.mean for each in found) / k
    return Estimate(mean, error, min(each.clusters for each in found))


def finding(results: Sequence[Result], cut: str = "") -> str:
    """One sentence: Diff-ResNet's accuracies, and the gain that the paper claims.

    Parameters
    ----------
    cut : str
        What is to be said first where training did not go on to its end.
    """
    said = []
    for name in datasets(results):
        one = find(results, name, REFERENCE)
        if one is not None:
            said.append(
                f"{within(one.accuracy.mean, one.accuracy.error)}% on {title(name)} "
                f"({one.splits} × {one.inits} runs)"
            )
    gain = gains(results)
    if not said or not gain:
        return "This plan has no Diff-ResNet, or nothing to compare it with."
    mean = mean_gain(list(gain.values()))
    return (
        f"{cut}Diff-ResNet has {', '.join(said)}; its diffusion gains {ahead(mean)} points over "
        f"No-Diff-ResNet{_on_average(len(gain))}, where the paper says more than {CLAIM:.0f} on "
        f"average."
    )


def _on_average(count: int) -> str:
    return f" on average of {count} graphs" if count > 1 else ""


def gain_text(results: Sequence[Result], trained: bool = True) -> str:
    """The gain over No-Diff-ResNet beside the claim of the paper, judged if all are trained."""
    gain = gains(results)
    if not gain:
        return "This plan does not have both Diff-ResNet and No-Diff-ResNet."
    parts = [f"{ahead(found)} on {title(name)}" for name, found in gain.items()]
    mean = mean_gain(list(gain.values()))
    holds = mean.mean > CLAIM
    return (
        f"The paper says that diffusion adds more than {CLAIM:.0f} points on average over "
        f"No-Diff-ResNet, the same network without its diffusion steps. Measured, in points, "
        f"paired by split with the standard error clustered by split: {'; '.join(parts)}. "
        + (f"The mean is {ahead(mean)}. " if len(gain) > 1 else "")
        + (
            f"The claim {'holds' if holds else 'does not hold'} here"
            + (", on one graph of the paper’s three." if len(gain) == 1 else ".")
            if trained
            else "That says nothing of the claim: these networks are not trained to the end."
        )
    )


def rivals_text(results: Sequence[Result]) -> str:
    """On each data set: who is clearly ahead of Diff-ResNet, who clearly behind."""
    said = []
    for name in datasets(results):
        reference = find(results, name, REFERENCE)
        if reference is None:
            continue
        others = [
            (r.title, difference(r, reference))
            for r in results
            if r.dataset == name and r.model not in (*OURS, WITHOUT)
        ]
        if not others or isnan(others[0][1].error):
            said.append(f"on {title(name)} there are too few splits to say")
            continue
        better = [who for who, d in others if d.mean > 2 * d.error]
        worse = [who for who, d in others if d.mean < -2 * d.error]
        said.append(
            f"on {title(name)} {', '.join(better) or 'no model'} "
            f"{'are' if len(better) > 1 else 'is'} ahead of Diff-ResNet by more than two standard "
            f"errors, {len(worse)} of {len(others)} models are behind it by as much"
        )
    text = "; ".join(said)
    return "Against the other models: " + text + "." if text else ""


def best_text(results: Sequence[Result]) -> str:
    """On each data set: how far the best Diff-ResNet is from the baseline that is nearest to it."""
    said = []
    for name in datasets(results):
        best = find(results, name, BEST)
        rivals = [r for r in results if r.dataset == name and r.model not in (*OURS, WITHOUT)]
        if best is None or not rivals:
            continue
        found = {r.title: difference(best, r) for r in rivals}
        nearest = min(found, key=lambda who: found[who].mean)
        if isnan(found[nearest].error):
            said.append(f"on {title(name)} there are too few splits to say")
            continue
        clear = sum(d.mean > 2 * d.error for d in found.values())
        behind = [who for who, d in found.items() if d.mean < -2 * d.error]
        said.append(
            f"on {title(name)} it is ahead of {clear} of {len(found)} baselines by more than two "
            f"standard errors, behind {', '.join(behind) or 'none'} by as much; its closest rival "
            f"is {nearest} ({ahead(found[nearest])} points, {found[nearest].clusters} splits)"
        )
    if not said:
        return ""
    return (
        "Diff-ResNet, best, is ours: a narrow residual block, a diffusion of class scores that "
        "keeps coming back to its start, along citations and, for a tenth, between nodes of "
        "similar words, and a teacher, which is the model’s own past and a diffusion of the "
        "training labels. Its settings were fixed before its first run here: chosen on other "
        "splits of these graphs, by their validation nodes and by others, so that labels of nodes "
        "that test here have had a say in them. "
        "Paired by split: " + "; ".join(said) + "."
    )


def bound_text(results: Sequence[Result]) -> str:
    """What it costs or brings to mend a published step that is past the bound."""
    said = []
    for result in results:
        published = find(results, result.dataset, REFERENCE)
        if result.model == MENDED and published is not None:
            said.append(
                f"The published step on {title(result.dataset)}, γ = 0.40, is past the bound "
                "2/λ_max of explicit Euler, so that the fastest modes grow instead of decaying. "
                "Both are printed: as published, and with the same strength t = γ r in more and "
                "shorter steps within the bound, each with its dropout. Mending it changes "
                f"accuracy by {ahead(difference(result, published))} points."
            )
    return " ".join(said)
