#!/usr/bin/env python3
"""Records what torch.distributions makes of distributions in float64, for DistributionGoldenTests.

    python3 tests/golden_tools/make_distributions.py
"""
import json
import pathlib

import numpy as np
import torch
import torch.distributions as D

OUT = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Nn" / "data" / "distributions.json"
G = np.random.default_rng(9)


def t(*values):
    return torch.tensor(values, dtype=torch.float64)


def uniform(*shape, low=0.2, high=3.0):
    return torch.tensor(G.uniform(low, high, shape))


def normal(*shape):
    return torch.tensor(G.normal(size=shape))


def simplex(*shape):
    x = uniform(*shape)
    return x / x.sum(-1, keepdim=True)


def factor(k):
    return torch.tril(normal(k, k), -1) * 0.4 + torch.diag(uniform(k, low=0.5, high=1.5))


def one_hot(classes, count):
    return torch.nn.functional.one_hot(torch.tensor(classes), count).double()


def cases():
    """Name, distribution of parameters, the parameters, others for a divergence, values."""
    p = uniform(3, low=0.1, high=0.9)
    yield "Normal", D.Normal, [normal(3), uniform(2, 1)], [normal(3), uniform(3)], normal(4, 2, 3)
    yield "LogNormal", D.LogNormal, [normal(3), uniform(3)], [normal(3), uniform(3)], uniform(4, 3)
    yield "Laplace", D.Laplace, [normal(3), uniform(3)], [normal(3), uniform(3)], normal(4, 3)
    yield "Uniform", D.Uniform, [t(-1, 0, 2), t(1, 3, 2.5)], [t(-2, 0, 2.25), t(1, 4, 3)], t(0.5, 1, 2.25)
    yield "Exponential", D.Exponential, [uniform(3)], [uniform(3)], uniform(4, 3)
    yield "Gamma", D.Gamma, [uniform(3), uniform(3)], [uniform(3), uniform(3)], uniform(4, 3)
    yield "Beta", D.Beta, [uniform(3), uniform(3)], [uniform(3), uniform(3)], uniform(4, 3, low=0.05, high=0.95)
    yield "Dirichlet", D.Dirichlet, [uniform(2, 4)], [uniform(2, 4)], simplex(3, 2, 4)
    yield "StudentT", D.StudentT, [t(1.5, 3, 7.5), normal(3), uniform(3)], None, normal(4, 3)
    yield "Poisson", D.Poisson, [uniform(3, high=20)], [uniform(3, high=20)], t(0, 3, 25)
    yield "Geometric", D.Geometric, [p], [uniform(3, low=0.1, high=0.9)], t(0, 3, 12)
    yield "Bernoulli", D.Bernoulli, [p], [uniform(3, low=0.1, high=0.9)], t(0, 1, 1)
    yield "BernoulliLogits", lambda x: D.Bernoulli(logits=x), [normal(3) * 4], [normal(3)], t(0, 1, 1)
    yield "Binomial", lambda x: D.Binomial(9, x), [p], [uniform(3, low=0.1, high=0.9)], t(0, 4, 9)
    yield "Categorical", D.Categorical, [uniform(2, 4)], [uniform(2, 4)], torch.tensor([[0, 3], [2, 2], [1, 0]])
    yield "CategoricalLogits", lambda x: D.Categorical(logits=x), [normal(2, 4) * 3], [normal(2, 4)], torch.tensor([[0, 3], [2, 2], [1, 0]])
    yield "OneHotCategorical", D.OneHotCategorical, [uniform(4)], [uniform(4)], one_hot([2, 0, 3], 4)
    yield "Multinomial", lambda x: D.Multinomial(6, x), [uniform(4)], None, t(1, 2, 0, 3)
    yield "MultivariateNormal", lambda m, l: D.MultivariateNormal(m, scale_tril=l), [normal(2, 3), factor(3)], [normal(3), factor(3)], normal(4, 2, 3)
    yield "Chi2", D.Chi2, [t(0.5, 3, 7)], [t(1, 2, 8)], t(0.3, 2, 9)
    yield "Independent", lambda m, s: D.Independent(D.Normal(m, s), 1), [normal(2, 3), uniform(2, 3)], [normal(2, 3), uniform(2, 3)], normal(4, 2, 3)


def record(name, make, parameters, others, value):
    parameters = [x.clone().requires_grad_() for x in parameters]
    d = make(*parameters)
    log = d.log_prob(value)
    weights = 1 + torch.arange(log.numel(), dtype=torch.float64).reshape(log.shape) / 7
    gradients = torch.autograd.grad((log * weights).sum(), parameters)
    c = {"name": name, "parameters": [plain(x) for x in parameters], "value": plain(value), "logProb": plain(log), "gradients": [plain(x) for x in gradients]}
    if name not in ("Categorical", "CategoricalLogits"):
        c["mean"], c["variance"] = plain(d.mean), plain(d.variance)
    for key, function in [("entropy", d.entropy), ("cdf", lambda: d.cdf(value)), ("icdf", lambda: d.icdf(torch.full(d.batch_shape, 0.3, dtype=torch.float64)))]:
        # PyTorch's entropy of a multinomial distribution has a float32 in it.
        # What needs an incomplete beta or gamma function, or a sum over all counts, is left out here as there.
        if name in ("Gamma", "Chi2", "StudentT", "Beta") and key != "entropy" or name in ("Multinomial", "Poisson") or name == "Binomial" and key != "entropy" or name == "Independent" and key != "entropy":
            continue
        try:
            c[key] = plain(function())
        except NotImplementedError:
            pass
    if others is not None:
        c["others"] = [plain(x) for x in others]
        c["kl"] = plain(D.kl_divergence(d, make(*others)))
    return c


def plain(x):
    x = x.detach()
    return {"shape": list(x.shape), "values": [v if np.isfinite(v) else str(v) for v in x.reshape(-1).tolist()], "whole": not x.is_floating_point()}


if __name__ == "__main__":
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("[\n" + ",\n".join(json.dumps(record(*c)) for c in cases()) + "\n]\n")
