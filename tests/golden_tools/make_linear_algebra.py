#!/usr/bin/env python3
"""Records what NumPy and SciPy (LAPACK) make of some matrices, for NumpyTests.

    python3 tests/golden_tools/make_linear_algebra.py

What has arbitrary signs is recorded as a product that has none: eigenvectors and singular vectors as projections.
"""
import json
import pathlib

import numpy as np
import scipy.linalg

OUT = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Factorizations" / "data" / "numpy.json"


def matrices():
    g = np.random.default_rng(11)
    yield "random 6", g.uniform(-1, 1, (6, 6))
    yield "random 25", g.normal(size=(25, 25))
    yield "hilbert 5", scipy.linalg.hilbert(5)
    yield "toeplitz 8", scipy.linalg.toeplitz([2.0, -1, 0, 0, 0, 0, 0, 0])
    yield "huge", g.normal(size=(4, 4)) * 1e200
    yield "tiny", g.normal(size=(4, 4)) * 1e-200
    yield "permutation", np.eye(5)[[2, 0, 1, 4, 3]]
    yield "negative", -g.uniform(0.5, 1, (3, 3)) - np.eye(3)
    yield "graded", g.normal(size=(6, 6)) * 10.0 ** -np.arange(6)
    yield "tall", g.normal(size=(9, 4))
    yield "wide", g.normal(size=(3, 7))
    yield "rank 2", g.normal(size=(6, 2)) @ g.normal(size=(2, 5))
    yield "zero", np.zeros((4, 3))
    yield "one", np.array([[-3.5]])


def case(name, a):
    m, n = a.shape
    g = np.random.default_rng(len(name))
    b = g.normal(size=(m, 2))
    c = {"name": name, "rows": m, "columns": n, "a": a, "b": b}
    q, r = np.linalg.qr(a)
    c["q"], c["r"] = q, r
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    c["s"] = s
    rank = int(np.linalg.matrix_rank(a))
    c["rank"] = rank
    # The space of all singular vectors that count, whose basis is arbitrary.
    c["column_space"], c["row_space"] = u[:, :rank] @ u[:, :rank].T, vh[:rank].T @ vh[:rank]
    c["pinv"] = np.linalg.pinv(a, rcond=max(m, n) * np.finfo(float).eps)
    c["lstsq"] = scipy.linalg.lstsq(a, b, cond=max(m, n) * np.finfo(float).eps, lapack_driver="gelsd")[0]
    symmetric = (a + a.T) / 2 if m == n else a @ a.T
    w, v = np.linalg.eigh(symmetric)
    c["symmetric"], c["w"] = symmetric, w
    c["top_projection"] = np.outer(v[:, -1], v[:, -1])
    # Scaled, so that it is positive definite by far: a·aᵀ/‖a‖² + 1.
    scale = np.linalg.norm(a / np.abs(a).max()) * np.abs(a).max() if a.any() else 1.0
    definite = (a / scale) @ (a / scale).T + np.eye(m)
    c["definite"], c["l"] = definite, np.linalg.cholesky(definite)
    if m == n:
        sign, log = np.linalg.slogdet(a)
        with np.errstate(over="ignore"):
            c["det"] = np.linalg.det(a)
        if not np.isfinite(c["det"]):
            del c["det"]
        c["sign"], c["logdet"] = sign, log
        c["cond"] = np.linalg.cond(a)
        c["x"], c["inverse"] = np.linalg.solve(a, b), np.linalg.inv(a)
        c["upper"] = scipy.linalg.solve_triangular(a + 3 * np.abs(a).max() * np.eye(n), b)
    return {key: plain(value) for key, value in c.items()}


def plain(value):
    if isinstance(value, np.ndarray):
        return value.ravel().tolist()
    return value if isinstance(value, (str, int)) else float(value)


if __name__ == "__main__":
    OUT.parent.mkdir(parents=True, exist_ok=True)
    cases = [case(name, a) for name, a in matrices()]
    OUT.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
