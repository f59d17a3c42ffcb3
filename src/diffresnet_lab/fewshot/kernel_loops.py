# mypy: ignore-errors
"""Loops of `kernel.py`, in the part of Python that numba compiles; `exact.py` reads better."""

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
    pre, heads, head_bias, second_bias, head_second_all, second, x, left, right,
    diffusion, labels, penalty, regulariser, basis, k, initial_response, impulses, rates, terms,
):  # fmt: skip
    """Train one network in place: `pre` (n, d), `heads` (c, d), the biases, `head_second_all`."""
    n, d = pre.shape
    a = diffusion.shape[1]
    momentum, decay, zero = terms
    dtype = pre.dtype
    head, bias, trained = heads[:k].copy(), head_bias[:k].copy(), basis[:, :k].copy()
    seen_x = x[:a]
    velocity = np.zeros((n, d), dtype)
    head_velocity = np.zeros((k, d), dtype)
    second_bias_velocity = np.zeros(d, dtype)
    bias_velocity = np.zeros(k, dtype)
    past_head = np.empty((k * len(rates), d), dtype)
    past_factor = np.empty((k * len(rates), d), dtype)
    hidden, masked = np.empty((a, d), dtype), np.empty((a, d), dtype)
    pre_gradient = np.empty((n, d), dtype)
    head_second, factor, head_gradient = (
        np.empty((k, d), dtype),
        np.empty((k, d), dtype),
        np.empty((k, d), dtype),
    )
    _relu(pre, hidden, zero)
    np.dot(head, second, head_second)
    for t in range(len(rates)):
        scores = np.dot(hidden, head_second.T) + np.dot(seen_x, head.T) + np.dot(head, second_bias)
        out = np.dot(np.dot(diffusion, scores) + bias, trained.T)
        gradient = np.dot(_gradient(out, labels, penalty, regulariser), trained)
        diffused_gradient = np.dot(diffusion.T, gradient)
        total = diffused_gradient.sum(0)
        np.dot(diffused_gradient.T, hidden, factor)
        np.dot(diffused_gradient.T, seen_x, head_gradient)
        np.dot(diffused_gradient, head_second, masked)
        _mask(pre, masked, zero)
        if right.shape[0]:
            np.dot(left, np.dot(right, masked), pre_gradient)
        else:
            np.dot(left, masked, pre_gradient)
        _step(pre, velocity, pre_gradient, hidden, rates[t], momentum, decay, zero)
        # The second layer's past, then its initial weights and the head in one pass.
        past = k * t
        _add_past(factor, past_factor[:past], past_head[:past], impulses[t], head_gradient, zero)
        past_head[past : past + k] = head
        past_factor[past : past + k] = factor
        head_second[:] = zero
        _head_pass(
            second, second_bias, second_bias_velocity, head, head_velocity, factor, head_gradient,
            total, head_second, initial_response[t], rates[t], momentum, decay, zero,
        )  # fmt: skip
        for q in range(k):
            bias_gradient = gradient[:, q].sum()
            bias_velocity[q] = momentum * bias_velocity[q] + bias_gradient + decay * bias[q]
            bias[q] -= rates[t] * bias_velocity[q]
        past += k
        head_second *= initial_response[t + 1]
        _add_past(head, past_head[:past], past_factor[:past], impulses[t + 1], head_second, zero)
    heads[:k] = head
    head_bias[:k] = bias
    share = np.dot(heads, past_head.T) * impulses[-1]
    head_second_all[:] = initial_response[-1] * np.dot(heads, second) + np.dot(share, past_factor)


@njit(**options)
def _relu(pre, hidden, zero):
    for i in range(hidden.shape[0]):
        for j in range(hidden.shape[1]):
            p = pre[i, j]
            hidden[i, j] = zero if p <= zero else p


@njit(**options)
def _mask(pre, masked, zero):
    for i in range(masked.shape[0]):
        for j in range(masked.shape[1]):
            masked[i, j] = zero if pre[i, j] <= zero else masked[i, j]


@njit(**options)
def _step(pre, velocity, pre_gradient, hidden, rate, momentum, decay, zero):
    """Step by SGD, and apply ReLU to the rows that the loss depends on."""
    for i in range(pre.shape[0]):
        for j in range(pre.shape[1]):
            v = momentum * velocity[i, j] + pre_gradient[i, j] + decay * pre[i, j]
            velocity[i, j] = v
            pre[i, j] -= rate * v
    _relu(pre, hidden, zero)


@njit(**options)
def _gradient(out, labels, penalty, regulariser):
    """Return what `TaskObjective.gradient` does."""
    shots = len(labels)
    gradient = np.zeros_like(out)
    for i in range(shots + penalty.shape[0]):
        p = np.exp(out[i] - out[i].max())
        p /= p.sum()
        if i < shots:
            p[labels[i]] -= p.dtype.type(1)
            gradient[i] = p / p.dtype.type(shots)
        else:
            distance = penalty[i - shots]
            gradient[i] = p * (distance - (p * distance).sum())
    if regulariser.shape[0]:
        gradient += np.dot(regulariser, out)
    return gradient


@njit(**options)
def _add_past(x, left, right, impulse, out, zero):
    """Add (x @ left^T * impulse) @ right to `out`."""
    one = x.dtype.type(1)
    for first in range(0, len(left), BLOCK):
        rows = left[first : first + BLOCK]
        coefficients = np.zeros((len(x), len(rows)), x.dtype)
        _add_dots(rows, x, one, coefficients, zero)
        coefficients *= impulse[first : first + len(rows)]
        _add_rows(right[first : first + BLOCK], coefficients, out)


@njit(**options)
def _head_pass(
    second, second_bias, second_bias_velocity, head, head_velocity, factor, head_gradient, total,
    head_second, initial_response, rate, momentum, decay, zero,
):  # fmt: skip
    """Step the head and the second bias; add the new head @ second to `head_second`.

    The gradient of the head needs factor @ second^T: one row of `second` gives one column of
    it, and then of the head. Some rows at a time, so that each is read from afar only once.
    """
    k, d = head.shape
    for first in range(0, d, BLOCK):
        rows = second[first : first + BLOCK]
        columns = slice(first, first + len(rows))
        _add_dots(rows, factor, initial_response, head_gradient[:, columns], zero)
        bias_gradient = np.zeros(len(rows), second.dtype)
        for q in range(k):
            for j in range(first, first + len(rows)):
                w = head[q, j]
                bias_gradient[j - first] += w * total[q]
                v = momentum * head_velocity[q, j] + head_gradient[q, j] + decay * w
                v += total[q] * second_bias[j]
                head_velocity[q, j] = v
                head[q, j] = w - rate * v
        for j in range(first, first + len(rows)):
            v = (
                momentum * second_bias_velocity[j]
                + bias_gradient[j - first]
                + decay * second_bias[j]
            )
            second_bias_velocity[j] = v
            second_bias[j] -= rate * v
        _add_rows(rows, head[:, columns], head_second)


# Below, two combinations of classes and four rows at a time: eight products for six loads.


@njit(**options)
def _add_dots(rows, x, factor, out, zero):
    """Add factor x @ rows^T to `out`, for an even number of rows of x."""
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
            out[q, j] += factor * s0
            out[q, j + 1] += factor * s1
            out[q, j + 2] += factor * s2
            out[q, j + 3] += factor * s3
            out[q + 1, j] += factor * t0
            out[q + 1, j + 1] += factor * t1
            out[q + 1, j + 2] += factor * t2
            out[q + 1, j + 3] += factor * t3
        for j in range(b - b % 4, b):
            s0, t0 = zero, zero
            for i in range(d):
                s0 += x[q, i] * rows[j, i]
                t0 += x[q + 1, i] * rows[j, i]
            out[q, j] += factor * s0
            out[q + 1, j] += factor * t0


@njit(**options)
def _add_rows(rows, weights, out):
    """Add weights @ rows to `out`, for an even number of rows of weights."""
    b, d = rows.shape
    for q in range(0, len(weights), 2):
        for j in range(0, b - b % 4, 4):
            s0, s1, s2, s3 = weights[q, j], weights[q, j + 1], weights[q, j + 2], weights[q, j + 3]
            p = q + 1
            t0, t1, t2, t3 = weights[p, j], weights[p, j + 1], weights[p, j + 2], weights[p, j + 3]
            for i in range(d):
                r0, r1, r2, r3 = rows[j, i], rows[j + 1, i], rows[j + 2, i], rows[j + 3, i]
                out[q, i] += s0 * r0 + s1 * r1 + s2 * r2 + s3 * r3
                out[p, i] += t0 * r0 + t1 * r1 + t2 * r2 + t3 * r3
        for j in range(b - b % 4, b):
            for i in range(d):
                out[q, i] += weights[q, j] * rows[j, i]
                out[q + 1, i] += weights[q + 1, j] * rows[j, i]
