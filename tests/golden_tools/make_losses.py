#!/usr/bin/env python3
"""Records what PyTorch makes of losses in float64, for LossGoldenTests.

    python3 tests/golden_tools/make_losses.py

Each case has the operands, the loss of each sample, the mean, the sum, and the gradient of Σ wᵢ·lossᵢ with wᵢ = 1 + i/7 to the first operand.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Nn" / "data" / "losses.json"
G = np.random.default_rng(7)


def normal(*shape, scale=1.0):
    return torch.tensor(G.normal(size=shape) * scale)


def uniform(*shape, low=0.05, high=0.95):
    return torch.tensor(G.uniform(low, high, shape))


def signs(*shape):
    return torch.tensor(G.choice([-1.0, 1.0], shape))


def classes(count, *shape):
    return torch.tensor(G.integers(0, count, shape))


def sigmoid_focal(x, t, alpha, gamma, reduction):
    # torchvision's formula.
    p = torch.sigmoid(x)
    ce = F.binary_cross_entropy_with_logits(x, t, reduction="none")
    loss = ce * (1 - (p * t + (1 - p) * (1 - t))) ** gamma
    if alpha >= 0:
        loss = loss * (alpha * t + (1 - alpha) * (1 - t))
    return reduce(loss, reduction)


def reduce(x, reduction):
    return {"none": lambda: x, "mean": x.mean, "sum": x.sum}[reduction]()


def log_cosh(x, t, reduction):
    return reduce(torch.log(torch.cosh(x - t)), reduction)


def dice(p, t, smooth, reduction):
    both, total = (p * t).sum((2, 3)), p.sum((2, 3)) + t.sum((2, 3))
    return reduce(1 - (2 * both + smooth) / (total + smooth), reduction)


def jaccard(p, t, smooth, reduction):
    both, total = (p * t).sum((2, 3)), p.sum((2, 3)) + t.sum((2, 3))
    return reduce(1 - (both + smooth) / (total - both + smooth), reduction)


def cases():
    x, y, w = normal(6, 4), normal(6, 4), normal(6, 4)
    v, s, c = uniform(6, 4), signs(6, 4), classes(4, 6)
    counts = torch.tensor(G.poisson(3.0, (6, 4)).astype(float))
    weight = torch.tensor([0.5, 2.0, 1.0, 1.5], dtype=torch.float64)
    labels = torch.tensor([[3, 0, -1, 1], [-1, 2, 1, 0], [0, 1, 2, 3], [2, -1, -1, -1], [1, 3, 0, -1], [0, -1, 3, 2]])
    binary = torch.tensor(G.integers(0, 2, (6, 4)).astype(float))
    yield "MarginRanking", [x, y, s], lambda a, r: F.margin_ranking_loss(*a, margin=0.3, reduction=r)
    yield "HingeEmbedding", [x, s], lambda a, r: F.hinge_embedding_loss(*a, margin=0.7, reduction=r)
    yield "SoftMargin", [x, s], lambda a, r: F.soft_margin_loss(*a, reduction=r)
    yield "MultiMargin", [x, c], lambda a, r: F.multi_margin_loss(*a, reduction=r)
    yield "MultiMargin2", [x, c, weight], lambda a, r: F.multi_margin_loss(a[0], a[1], p=2, margin=0.6, weight=a[2], reduction=r)
    yield "MultiLabelMargin", [x, labels], lambda a, r: F.multilabel_margin_loss(*a, reduction=r)
    yield "MultiLabelSoftMargin", [x, binary], lambda a, r: F.multilabel_soft_margin_loss(*a, reduction=r)
    yield "MultiLabelSoftMarginWeighted", [x, binary, weight], lambda a, r: F.multilabel_soft_margin_loss(a[0], a[1], weight=a[2], reduction=r)
    yield "CosineEmbedding", [x, y, signs(6)], lambda a, r: F.cosine_embedding_loss(*a, margin=0.1, reduction=r)
    yield "TripletMargin", [x, y, w], lambda a, r: F.triplet_margin_loss(*a, reduction=r)
    yield "TripletMarginSwap", [x, y, w], lambda a, r: F.triplet_margin_loss(*a, margin=2.0, p=3, swap=True, reduction=r)
    yield "TripletMargin1", [x, y, w], lambda a, r: F.triplet_margin_loss(*a, margin=0.5, p=1, reduction=r)
    yield "TripletMarginDistance", [x, y, w], lambda a, r: F.triplet_margin_with_distance_loss(
        *a, distance_function=lambda p, q: 1 - F.cosine_similarity(p, q), margin=0.8, reduction=r)
    yield "PoissonNll", [x, counts], lambda a, r: F.poisson_nll_loss(*a, reduction=r)
    yield "PoissonNllFull", [x, counts], lambda a, r: F.poisson_nll_loss(*a, full=True, reduction=r)
    yield "PoissonNllRate", [v, counts], lambda a, r: F.poisson_nll_loss(*a, log_input=False, eps=1e-3, reduction=r)
    yield "GaussianNll", [x, y, v], lambda a, r: F.gaussian_nll_loss(*a, reduction=r)
    yield "GaussianNllRow", [x, y, uniform(6)], lambda a, r: F.gaussian_nll_loss(*a, full=True, reduction=r)
    # 1.13 changes the variance of the caller in place where it is too small; a copy keeps the record honest.
    yield "GaussianNllFloor", [v, x, y.abs() * 0.2], lambda a, r: F.gaussian_nll_loss(a[1], a[0], a[2].clone(), eps=0.1, reduction=r)
    yield "LogCosh", [x, y], lambda a, r: log_cosh(*a, r)
    yield "SigmoidFocal", [x, binary], lambda a, r: sigmoid_focal(*a, 0.25, 2.0, r)
    yield "SigmoidFocalPlain", [x, v], lambda a, r: sigmoid_focal(*a, -1, 1.5, r)
    masks = torch.tensor(G.integers(0, 2, (2, 3, 4, 5)).astype(float))
    yield "Dice", [uniform(2, 3, 4, 5), masks], lambda a, r: dice(*a, 1.0, r)
    yield "Jaccard", [uniform(2, 3, 4, 5), masks], lambda a, r: jaccard(*a, 0.5, r)
    yield "KlDivLog", [F.log_softmax(x, 1), F.log_softmax(y, 1)], lambda a, r: F.kl_div(*a, log_target=True, reduction=r)
    yield "CrossEntropySoft", [x, F.softmax(y, 1)], lambda a, r: F.cross_entropy(*a, label_smoothing=0.1, reduction=r)
    yield "Huber", [x, y], lambda a, r: F.huber_loss(*a, delta=0.6, reduction=r)
    yield "SmoothL1", [x, y], lambda a, r: F.smooth_l1_loss(*a, beta=0.6, reduction=r)


def record(name, operands, loss):
    first = operands[0].clone().requires_grad_()
    others = operands[1:]
    each = loss([first, *others], "none")
    weights = 1 + torch.arange(each.numel(), dtype=torch.float64).reshape(each.shape) / 7
    (gradient,) = torch.autograd.grad((each * weights).sum(), first)
    return {
        "name": name,
        "operands": [plain(o) for o in operands],
        "each": plain(each),
        "mean": float(loss([first, *others], "mean")),
        "sum": float(loss([first, *others], "sum")),
        "gradient": plain(gradient),
    }


def ctc():
    """[T, N, C] with repeated labels, an empty target, a short input, one that does not fit."""
    for name, steps, count, lengths, targets in [
        ("plain", 9, 5, [9, 9, 7], [[1, 2, 3, 4], [2, 2, 1, 0], [4, 0, 0, 0]]),
        ("repeats", 8, 4, [8, 6, 8], [[1, 1, 1], [3, 2, 3], [2, 2, 0]]),
        ("empty", 6, 4, [6, 5, 6], [[1, 2], [0, 0], [3, 0]]),
        ("impossible", 4, 4, [4, 4, 2], [[1, 2, 3], [2, 2, 2], [1, 2, 1]]),
        ("long", 40, 12, [40, 37, 31], [list(range(1, 11)), [5, 5, 6, 6, 7, 7, 8, 8, 0, 0], [11, 1, 11, 1, 11, 0, 0, 0, 0, 0]]),
        ("blank last", 7, 4, [7, 7, 6], [[0, 1, 2], [2, 2, 3], [1, 3, 3]]),
    ]:
        blank = count - 1 if name == "blank last" else 0
        logits = normal(steps, len(lengths), count, scale=2.0).requires_grad_()
        target = torch.tensor(targets)
        target_lengths = torch.tensor([sum(1 for label in row if label != blank) for row in targets])
        case = {"name": name, "blank": blank, "logits": plain(logits), "targets": plain(target), "inputLengths": lengths, "targetLengths": target_lengths.tolist()}
        for key, zero in [("", False), ("Zero", True)]:
            log = F.log_softmax(logits, -1)
            each = F.ctc_loss(log, target, torch.tensor(lengths), target_lengths, blank, "none", zero)
            case["each" + key] = plain(each)
            case["mean" + key] = number(F.ctc_loss(log, target, torch.tensor(lengths), target_lengths, blank, "mean", zero))
            if zero:
                (gradient,) = torch.autograd.grad((each * torch.tensor([1.0, -0.5, 2.0], dtype=torch.float64)).sum(), logits)
                case["gradient"] = plain(gradient)
        yield case


def number(value):
    value = float(value)
    return value if np.isfinite(value) else str(value)


def plain(x):
    x = x.detach()
    flat = x.reshape(-1).tolist()
    return {"shape": list(x.shape), "values": [v if np.isfinite(v) else str(v) for v in flat], "whole": not x.is_floating_point()}


if __name__ == "__main__":
    OUT.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"losses": [record(*c) for c in cases()], "ctc": list(ctc())})
    OUT.write_text(text.replace('}, {"name"', '},\n{"name"') + "\n")
