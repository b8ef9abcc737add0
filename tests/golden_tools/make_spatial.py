#!/usr/bin/env python3
"""Records what PyTorch makes of borders, windows, pools, volumes, interpolation and grids, for SpatialGoldenTests.

    python3 tests/golden_tools/make_spatial.py

Needs PyTorch 1.13 or newer. Inputs follow from a formula that the test knows too, so that only results and gradients are recorded.
"""
import json
import math
import pathlib

import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Spatial" / "data" / "torch.json"
CASES = []


def values(shape, number, low=-2.0, high=2.0):
    """Element i of input n: the fractions of the golden ratio, all different."""
    count = math.prod(shape)
    i = torch.arange(count, dtype=torch.float64)
    fraction = torch.frac((i + 1) * 0.6180339887498949 + (number + 1) * 0.3819660112501051)
    return (low + (high - low) * fraction).reshape(shape)


def case(op, shapes, run, ranges=None, gradients=True, **attributes):
    inputs = [values(s, n, *((ranges or {}).get(n, (-2.0, 2.0)))).requires_grad_(gradients) for n, s in enumerate(shapes)]
    y = run(*inputs)
    entry = {"name": f"{len(CASES)} {op}", "op": op, "shapes": shapes, "ranges": {str(k): v for k, v in (ranges or {}).items()}, "attrs": attributes, "shape": list(y.shape), "y": numbers(y)}
    if gradients:
        y.backward(values(y.shape, 9))
        entry["grads"] = [numbers(x.grad) for x in inputs]
    CASES.append(entry)


def numbers(t):
    return [float(f"{v:.10g}") for v in t.detach().flatten().tolist()]


def pads():
    for shape, pad in [([5], [[2, 1]]), ([2, 5], [[1, 3]]), ([2, 3, 4], [[1, 2], [3, 0]]), ([2, 3, 4, 3], [[1, 2], [0, 3], [2, 1]])]:
        flat = [n for pair in reversed(pad) for n in pair]
        case("pad", [shape], lambda x: F.pad(x, flat, value=0.25), pads=pad, mode="Constant", value=0.25)
        if len(shape) > 1:
            for mode in ["reflect", "replicate", "circular"]:
                # Unpadded batch axes, as PyTorch wants them.
                lead = len(pad) + 2 - len(shape)
                few = [[min(n, 1) for n in pair] for pair in pad] if mode == "reflect" else [[min(n, s) for n in pair] for pair, s in zip(pad, shape[-len(pad):])]
                f = [n for pair in reversed(few) for n in pair]
                case("pad", [shape], lambda x: F.pad(x.reshape([1] * lead + list(shape)), f, mode=mode).reshape([s for s in shape[: len(shape) - len(pad)]] + [s + a + b for s, (a, b) in zip(shape[-len(pad):], few)]), pads=few, mode=mode.capitalize(), value=0)
    case("pad", [[3, 5]], lambda x: F.pad(x, [-1, 2, 1, -2], value=1.5), pads=[[1, -2], [-1, 2]], mode="Constant", value=1.5)
    case("pad", [[1, 2, 6]], lambda x: F.pad(x, [-1, 3], mode="reflect"), pads=[[-1, 3]], mode="Reflect", value=0)
    case("pad", [[1, 2, 6]], lambda x: F.pad(x, [3, -2], mode="replicate"), pads=[[3, -2]], mode="Replicate", value=0)
    case("pad", [[1, 2, 4]], lambda x: F.pad(x, [9, 12], mode="replicate"), pads=[[9, 12]], mode="Replicate", value=0)
    case("pad", [[1, 2, 4]], lambda x: F.pad(x, [4, 3], mode="circular"), pads=[[4, 3]], mode="Circular", value=0)


def pools():
    for k, s, p, d, ceil in [(2, 2, 0, 1, False), (3, 2, 1, 1, True), (2, 1, 1, 2, False), (2, 2, 0, 1, True), (2, 3, 1, 1, True)]:
        for axes, size in [(1, [7]), (2, [7, 5]), (3, [5, 6, 4])]:
            shape = [1, 2 if axes < 3 else 1] + size
            a = dict(kernel=k, stride=s, padding=p, dilation=d, ceil=ceil, axes=axes)
            case("max_pool", [shape], lambda x: getattr(F, f"max_pool{axes}d")(x, k, s, p, d, ceil), **a)
            case("max_pool_indices", [shape], lambda x: getattr(F, f"max_pool{axes}d")(x, k, s, p, d, ceil, return_indices=True)[1].double(), gradients=False, **a)
            if d == 1:
                for include in [True, False]:
                    case("avg_pool", [shape], lambda x: getattr(F, f"avg_pool{axes}d")(x, k, s, p, ceil, include), include=include, divisor=0, **a)
                if axes > 1:
                    case("avg_pool", [shape], lambda x: getattr(F, f"avg_pool{axes}d")(x, k, s, p, ceil, True, 3), include=True, divisor=3, **a)
    for axes, size, outs in [(1, [7], [[3], [1], [7], [9]]), (2, [5, 7], [[2, 3], [1, 1], [5, 2], [7, 4]]), (3, [4, 5, 3], [[2, 3, 2], [1, 1, 1], [2, 5, 3]])]:
        for out in outs:
            case("adaptive_avg", [[1, 2] + size], lambda x: getattr(F, f"adaptive_avg_pool{axes}d")(x, out), out=out)
            case("adaptive_max", [[1, 2] + size], lambda x: getattr(F, f"adaptive_max_pool{axes}d")(x, out), out=out)
    case("lp_pool", [[2, 2, 7]], lambda x: F.lp_pool1d(x, 2.0, 3, 2), {0: (0.1, 2)}, p=2.0, kernel=3, stride=2, ceil=False, axes=1)
    case("lp_pool", [[2, 2, 5, 6]], lambda x: F.lp_pool2d(x, 3.0, 2, 2, True), {0: (0.1, 2)}, p=3.0, kernel=2, stride=2, ceil=True, axes=2)
    for axes, size in [(1, [6]), (2, [4, 6]), (3, [4, 2, 4])]:
        def unpool(x):
            y, i = getattr(F, f"max_pool{axes}d")(x, 2, 2, return_indices=True)
            return getattr(F, f"max_unpool{axes}d")(y * 2, i, 2, 2)
        case("max_unpool", [[2, 2] + size], unpool, axes=axes)


def windows():
    case("unfold", [[2, 2, 5, 6]], lambda x: F.unfold(x, (2, 3), (1, 2), (1, 0), (2, 1)), kernel=[2, 3], dilation=[1, 2], padding=[1, 0], stride=[2, 1])
    case("unfold", [[1, 3, 4, 4]], lambda x: F.unfold(x, 3, padding=1), kernel=[3, 3], dilation=[1, 1], padding=[1, 1], stride=[1, 1])
    case("fold", [[2, 12, 6]], lambda x: F.fold(x, (5, 6), (2, 3), (1, 2), (1, 0), (2, 1)), out=[5, 6], kernel=[2, 3], dilation=[1, 2], padding=[1, 0], stride=[2, 1])
    case("fold", [[1, 18, 16]], lambda x: F.fold(x, 4, 3, padding=1), out=[4, 4], kernel=[3, 3], dilation=[1, 1], padding=[1, 1], stride=[1, 1])
    case("windows", [[2, 7, 3]], lambda x: x.unfold(1, 3, 2), axis=1, size=3, step=2)
    case("pixel_shuffle", [[2, 8, 2, 3]], lambda x: F.pixel_shuffle(x, 2), r=2)
    case("pixel_unshuffle", [[2, 1, 4, 6]], lambda x: F.pixel_unshuffle(x, 2), r=2)
    case("channel_shuffle", [[2, 6, 2, 2]], lambda x: x.reshape(2, 3, 2, 2, 2).transpose(1, 2).reshape(2, 6, 2, 2), g=3)
    case("local_response_norm", [[2, 5, 3]], lambda x: F.local_response_norm(x, 3, 0.2, 0.75, 1.5), size=3, k=1.5)
    case("local_response_norm", [[1, 4, 2, 2]], lambda x: F.local_response_norm(x, 4, 0.2, 0.75, 1.0), size=4, k=1.0)


def convolutions():
    def conv(axes, x, w, s, p, d, g):
        case("conv", [x, w, [w[0]]], lambda a, b, c: getattr(F, f"conv{axes}d")(a, b, c, s, p, d, g), axes=axes, stride=s, padding=-1 if p == "same" else p, dilation=d, groups=g)

    def transposed(axes, x, w, s, p, o, d, g):
        case("conv_transpose", [x, w, [w[1] * g]], lambda a, b, c: getattr(F, f"conv_transpose{axes}d")(a, b, c, s, p, o, g, d), axes=axes, stride=s, padding=p, extra=o, dilation=d, groups=g)

    conv(3, [2, 2, 4, 3, 4], [3, 2, 2, 3, 2], 1, 0, 1, 1)
    conv(3, [2, 4, 5, 4, 3], [2, 2, 3, 3, 3], 2, 1, 1, 2)
    conv(3, [1, 2, 5, 3, 4], [2, 1, 2, 2, 1], [2, 1, 1], [1, 0, 1], [2, 1, 2], 2)
    conv(3, [2, 2, 4, 2, 3], [2, 2, 3, 1, 1], [2, 1, 1], [1, 0, 0], 1, 1)
    conv(3, [2, 2, 3, 4, 4], [2, 2, 1, 3, 3], 1, [0, 1, 1], 1, 1)
    conv(3, [1, 2, 4, 3, 5], [2, 2, 3, 2, 4], 1, "same", 1, 1)
    conv(2, [1, 2, 5, 4], [2, 2, 4, 3], 1, "same", [1, 2], 1)
    conv(1, [2, 2, 6], [3, 2, 4], 1, "same", 1, 1)
    conv(1, [2, 2, 6], [2, 1, 3], 2, 1, 1, 2)
    transposed(1, [2, 3, 5], [3, 2, 4], 2, 1, 1, 1, 1)
    transposed(1, [1, 4, 4], [4, 1, 3], 1, 0, 0, 2, 2)
    transposed(3, [2, 2, 3, 2, 3], [2, 3, 2, 3, 2], 1, 0, 0, 1, 1)
    transposed(3, [1, 4, 3, 2, 2], [4, 1, 3, 3, 2], 2, 1, 1, 1, 2)
    transposed(3, [1, 2, 3, 2, 2], [2, 2, 3, 2, 2], [1, 2, 1], [1, 0, 0], [0, 1, 0], [1, 1, 2], 1)


def interpolation():
    for axes, size, mode in [(1, [5], "linear"), (2, [4, 5], "bilinear"), (3, [3, 4, 2], "trilinear"), (2, [4, 5], "bicubic"), (1, [5], "nearest"), (2, [3, 5], "nearest"), (3, [2, 3, 2], "nearest"), (2, [3, 5], "nearest-exact"), (2, [5, 4], "area")]:
        shape = [1, 1 if axes == 3 else 2] + size
        outs = [[8, 3, 4][:axes], [2, 7, 5][:axes], [s for s in size], [1, 2, 1][:axes]]
        corners = [False, True] if "near" not in mode and mode != "area" else [None]
        for out in outs:
            for c in corners:
                case("interpolate", [shape], lambda x: F.interpolate(x, size=out, mode=mode, align_corners=c), mode=mode, out=out, scale=[], corners=bool(c), antialias=False)
        for scale in [1.7, 0.6] if mode != "area" else [0.6]:
            for c in corners:
                case("interpolate", [shape], lambda x: F.interpolate(x, scale_factor=scale, mode=mode, align_corners=c), mode=mode, out=[], scale=[scale], corners=bool(c), antialias=False)
    for mode in ["bilinear", "bicubic"]:
        for out in [[3, 2], [5, 9]]:
            for c in [False, True]:
                case("interpolate", [[1, 1, 8, 7]], lambda x: F.interpolate(x, size=out, mode=mode, align_corners=c, antialias=True), mode=mode, out=out, scale=[], corners=c, antialias=True)


def grids():
    for x, grid, modes in [([2, 2, 4, 5], [2, 3, 2, 2], ["bilinear", "nearest", "bicubic"]), ([1, 2, 3, 4, 2], [1, 2, 2, 3, 3], ["bilinear", "nearest"])]:
        for mode in modes:
            for pad in ["zeros", "border", "reflection"]:
                for c in [False, True]:
                    case("grid_sample", [x, grid], lambda a, g: F.grid_sample(a, g, mode, pad, c), {1: (-1.9, 1.8)}, mode=mode, padding=pad, corners=c)
    case("grid_sample", [[1, 1, 1, 3], [1, 2, 2, 2]], lambda a, g: F.grid_sample(a, g, "bilinear", "reflection", True), {1: (-0.9, 0.9)}, mode="bilinear", padding="reflection", corners=True)
    for c in [False, True]:
        case("affine_grid", [[2, 2, 3]], lambda t: F.affine_grid(t, [2, 3, 4, 5], c), size=[2, 3, 4, 5], corners=c)
        case("affine_grid", [[1, 3, 4]], lambda t: F.affine_grid(t, [1, 1, 2, 1, 3], c), size=[1, 1, 2, 1, 3], corners=c)


if __name__ == "__main__":
    pads()
    pools()
    windows()
    convolutions()
    interpolation()
    grids()
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in CASES) + "\n]\n")
    print(len(CASES), "cases,", OUT.stat().st_size, "bytes")
