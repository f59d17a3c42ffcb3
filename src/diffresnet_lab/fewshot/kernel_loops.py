# mypy: ignore-errors
"""The loops of `kernel.py`, in the part of Python that numba compiles. `exact.py` reads better."""

from __future__ import annotations

import numpy as np
from numba import njit

# Sums may be reordered; NaN must stay NaN, so that a network that diverged is seen to.
FAST = {"reassoc", "contract", "nsz", "arcp"}
BLOCK = 32
"""Rows of the second layer at a time: 160 KB for 1280 features."""

options = {"nogil": True, "cache": True, "fastmath": FAST, "error_model": "numpy"}


@njit(**options)
def train_task(
    before, heads, head_bias, second_bias, through_all, second, x, left, right,
    spread, labels, pull, smooth, turn, k, start, kicks, rates, terms,
):  # fmt: skip
    """Train one network in place: `before` (n, d), `heads` (c, d), the biases, `through_all`."""
    n, d = before.shape
    a = spread.shape[1]
    momentum, decay, zero = terms
    kind = before.dtype
    head, bias, seen = heads[:k].copy(), head_bias[:k].copy(), turn[:, :k].copy()
    near = x[:a]
    speed = np.zeros((n, d), kind)
    head_speed = np.zeros((k, d), kind)
    second_bias_speed = np.zeros(d, kind)
    bias_speed = np.zeros(k, kind)
    past_head = np.empty((k * len(rates), d), kind)
    past_inner = np.empty((k * len(rates), d), kind)
    hidden, inner = np.empty((a, d), kind), np.empty((a, d), kind)
    push = np.empty((n, d), kind)
    through, of_second, of_head = (
        np.empty((k, d), kind),
        np.empty((k, d), kind),
        np.empty((k, d), kind),
    )
    _relu(before, hidden, zero)
    np.dot(head, second, through)
    for t in range(len(rates)):
        scores = np.dot(hidden, through.T) + np.dot(near, head.T) + np.dot(head, second_bias)
        out = np.dot(np.dot(spread, scores) + bias, seen.T)
        slope = np.dot(_slope(out, labels, pull, smooth), seen)
        back = np.dot(spread.T, slope)
        total = back.sum(0)
        np.dot(back.T, hidden, of_second)
        np.dot(back.T, near, of_head)
        np.dot(back, through, inner)
        _mask(before, inner, zero)
        if right.shape[0]:
            np.dot(left, np.dot(right, inner), push)
        else:
            np.dot(left, inner, push)
        _move(before, speed, push, hidden, rates[t], momentum, decay, zero)
        # The second layer's past, then the layer as it was drawn and the head in one pass.
        past = k * t
        _add_past(of_second, past_inner[:past], past_head[:past], kicks[t], of_head, zero)
        past_head[past : past + k] = head
        past_inner[past : past + k] = of_second
        through[:] = zero
        _head_pass(
            second, second_bias, second_bias_speed, head, head_speed, of_second, of_head, total,
            through, start[t], rates[t], momentum, decay, zero,
        )  # fmt: skip
        for q in range(k):
            gradient = slope[:, q].sum()
            bias_speed[q] = momentum * bias_speed[q] + gradient + decay * bias[q]
            bias[q] -= rates[t] * bias_speed[q]
        past += k
        through *= start[t + 1]
        _add_past(head, past_head[:past], past_inner[:past], kicks[t + 1], through, zero)
    heads[:k] = head
    head_bias[:k] = bias
    share = np.dot(heads, past_head.T) * kicks[-1]
    through_all[:] = start[-1] * np.dot(heads, second) + np.dot(share, past_inner)


@njit(**options)
def _relu(before, hidden, zero):
    for i in range(hidden.shape[0]):
        for j in range(hidden.shape[1]):
            p = before[i, j]
            hidden[i, j] = zero if p <= zero else p


@njit(**options)
def _mask(before, inner, zero):
    for i in range(inner.shape[0]):
        for j in range(inner.shape[1]):
            inner[i, j] = zero if before[i, j] <= zero else inner[i, j]


@njit(**options)
def _move(before, speed, push, hidden, rate, momentum, decay, zero):
    """A step of SGD, and ReLU of the rows that the loss depends on."""
    for i in range(before.shape[0]):
        for j in range(before.shape[1]):
            v = momentum * speed[i, j] + push[i, j] + decay * before[i, j]
            speed[i, j] = v
            before[i, j] -= rate * v
    _relu(before, hidden, zero)


@njit(**options)
def _slope(out, labels, pull, smooth):
    """As `Problem.slope`."""
    shots = len(labels)
    slope = np.zeros_like(out)
    for i in range(shots + pull.shape[0]):
        p = np.exp(out[i] - out[i].max())
        p /= p.sum()
        if i < shots:
            p[labels[i]] -= p.dtype.type(1)
            slope[i] = p / p.dtype.type(shots)
        else:
            far = pull[i - shots]
            slope[i] = p * (far - (p * far).sum())
    if smooth.shape[0]:
        slope += np.dot(smooth, out)
    return slope


@njit(**options)
def _add_past(x, near, far, kick, found, zero):
    """found += (x @ near^T * kick) @ far."""
    one = x.dtype.type(1)
    for first in range(0, len(near), BLOCK):
        rows = near[first : first + BLOCK]
        share = np.zeros((len(x), len(rows)), x.dtype)
        _add_dots(rows, x, one, share, zero)
        share *= kick[first : first + len(rows)]
        _add_rows(far[first : first + BLOCK], share, found)


@njit(**options)
def _head_pass(
    second, second_bias, second_bias_speed, head, head_speed, of_second, of_head, total,
    through, start, rate, momentum, decay, zero,
):  # fmt: skip
    """Move the head and the second bias; add the new head @ second to `through`.

    The gradient of the head needs of_second @ second^T: one row of `second` gives one column of
    it, and then of the head. Some rows at a time, so that each is read from afar only once.
    """
    k, d = head.shape
    for first in range(0, d, BLOCK):
        rows = second[first : first + BLOCK]
        here = slice(first, first + len(rows))
        _add_dots(rows, of_second, start, of_head[:, here], zero)
        gradient = np.zeros(len(rows), second.dtype)
        for q in range(k):
            for j in range(first, first + len(rows)):
                w = head[q, j]
                gradient[j - first] += w * total[q]
                v = momentum * head_speed[q, j] + of_head[q, j] + decay * w
                v += total[q] * second_bias[j]
                head_speed[q, j] = v
                head[q, j] = w - rate * v
        for j in range(first, first + len(rows)):
            v = momentum * second_bias_speed[j] + gradient[j - first] + decay * second_bias[j]
            second_bias_speed[j] = v
            second_bias[j] -= rate * v
        _add_rows(rows, head[:, here], through)


# Below, two combinations of classes and four rows at a time: eight products for six loads.


@njit(**options)
def _add_dots(rows, x, factor, found, zero):
    """found += factor x @ rows^T, for an even number of rows of x."""
    b, d = rows.shape
    for q in range(0, len(x), 2):
        for j in range(0, b - b % 4, 4):
            s0, s1, s2, s3, t0, t1, t2, t3 = zero, zero, zero, zero, zero, zero, zero, zero
            for i in range(d):
                v, w = x[q, i], x[q + 1, i]
                r0, r1, r2, r3 = rows[j, i], rows[j + 1, i], rows[j + 2, i], rows[j + 3, i]
                s0 += v * r0
                s1 += v * r1
                s2 += v * r2
                s3 += v * r3
                t0 += w * r0
                t1 += w * r1
                t2 += w * r2
                t3 += w * r3
            found[q, j] += factor * s0
            found[q, j + 1] += factor * s1
            found[q, j + 2] += factor * s2
            found[q, j + 3] += factor * s3
            found[q + 1, j] += factor * t0
            found[q + 1, j + 1] += factor * t1
            found[q + 1, j + 2] += factor * t2
            found[q + 1, j + 3] += factor * t3
        for j in range(b - b % 4, b):
            s0, t0 = zero, zero
            for i in range(d):
                s0 += x[q, i] * rows[j, i]
                t0 += x[q + 1, i] * rows[j, i]
            found[q, j] += factor * s0
            found[q + 1, j] += factor * t0


@njit(**options)
def _add_rows(rows, share, found):
    """found += share @ rows, for an even number of rows of share."""
    b, d = rows.shape
    for q in range(0, len(share), 2):
        for j in range(0, b - b % 4, 4):
            s0, s1, s2, s3 = share[q, j], share[q, j + 1], share[q, j + 2], share[q, j + 3]
            p = q + 1
            t0, t1, t2, t3 = share[p, j], share[p, j + 1], share[p, j + 2], share[p, j + 3]
            for i in range(d):
                r0, r1, r2, r3 = rows[j, i], rows[j + 1, i], rows[j + 2, i], rows[j + 3, i]
                found[q, i] += s0 * r0 + s1 * r1 + s2 * r2 + s3 * r3
                found[p, i] += t0 * r0 + t1 * r1 + t2 * r2 + t3 * r3
        for j in range(b - b % 4, b):
            for i in range(d):
                found[q, i] += share[q, j] * rows[j, i]
                found[q + 1, i] += share[q + 1, j] * rows[j, i]
