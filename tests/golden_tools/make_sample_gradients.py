#!/usr/bin/env python3
"""Records how gamma, beta and Dirichlet samples move with their concentrations, for SampleSlopeTests.

    python3 tests/golden_tools/make_sample_gradients.py

"slope" is -(dF/da)/p from derivatives of the regularised incomplete functions in 100 digits (mpmath), per ln x of gamma numbers and per logit of beta numbers. Beside it stand
PyTorch's gradients and central differences of SciPy's quantile functions, where these have digits.
"""
import json
import pathlib

import mpmath as mp
import numpy as np
import torch
from scipy import special

OUT = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Nn" / "data" / "sample_gradients.json"
QUANTILES = (1e-4, 0.05, 0.3, 0.6, 0.95, 1 - 1e-4)
mp.mp.dps = 100


def t(*v):
    return [torch.tensor([x], dtype=torch.float64) for x in v]


def single(v):
    """Numbers that float32 holds, so that both types get the same."""
    return float(np.float32(v))


def gamma(a, q):
    a = single(a)
    x = special.gammaincinv(a, q)
    log = single(np.log(x) if x > 1e-290 else (np.log(q) + special.gammaln(a + 1)) / a)
    ma, mx = mp.mpf(a), mp.exp(mp.mpf(log))
    slope = -mp.diff(lambda v: mp.gammainc(v, 0, mx, regularized=True), ma) / (mx ** ma * mp.exp(-mx) / mp.gamma(ma))
    case = {"a": a, "log": log, "slope": float(slope)}
    if 0.05 < a < 100:
        case["torch"] = float(torch._standard_gamma_grad(*t(a, float(mx)))) / float(mx)
        h, p = 1e-4 * a, special.gammainc(a, float(mx))
        case["quantile"] = (np.log(special.gammaincinv(a + h, p)) - np.log(special.gammaincinv(a - h, p))) / (2 * h)
    return case


def beta(a, b, q):
    a, b = single(a), single(b)
    x, rest = special.betaincinv(a, b, q), special.betaincinv(b, a, 1 - q)
    if not 1e-290 < x < 1 or not 1e-290 < rest < 1:
        return None
    logit = single(np.log(x) - np.log(rest))
    if abs(logit) > 60:
        return None
    ma, mb, my = mp.mpf(a), mp.mpf(b), mp.mpf(logit)
    mx, mr = 1 / (1 + mp.exp(-my)), 1 / (1 + mp.exp(my))
    slope = -mp.diff(lambda v: mp.betainc(v, mb, 0, mx, regularized=True), ma) / (mx ** ma * mr ** mb / mp.beta(ma, mb))
    case = {"a": a, "b": b, "logit": logit, "slope": float(slope)}
    if min(a, b) > 0.5 and max(a, b) < 50:
        x = float(mx)
        case["torch"] = float(torch._dirichlet_grad(*t(x, a, a + b))) / x
        h, p = 1e-4 * a, special.betainc(a, b, x)
        move = (special.betaincinv(a + h, b, p) - special.betaincinv(a - h, b, p)) / (2 * h)
        case["quantile"] = move / (x * (1 - x))
    return case


def dirichlet():
    a = torch.tensor([[0.5, 2.0, 3.5], [1.5, 0.8, 9.0]], dtype=torch.float64, requires_grad=True)
    x = torch.tensor([[0.1, 0.3, 0.6], [0.25, 0.05, 0.7]], dtype=torch.float64)
    w = torch.tensor([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]], dtype=torch.float64)
    total = a.detach().sum(-1, True).expand_as(a)
    gradient = torch._dirichlet_grad(x, a.detach(), total) * (w - (x * w).sum(-1, True))
    return {"a": a.detach().reshape(-1).tolist(), "x": x.reshape(-1).tolist(), "w": w.reshape(-1).tolist(), "torch": gradient.reshape(-1).tolist()}


if __name__ == "__main__":
    gammas = [gamma(a, q) for a in (1e-3, 0.05, 0.5, 0.999, 1, 1.7, 5, 30, 1e3, 1e4) for q in QUANTILES]
    betas = [beta(a, b, q) for a in (0.01, 0.7, 1, 3, 40, 1000) for b in (0.01, 0.7, 1, 3, 40, 1000) for q in QUANTILES]
    OUT.write_text(json.dumps({"gamma": gammas, "beta": [c for c in betas if c], "dirichlet": dirichlet()}, indent=0) + "\n")
