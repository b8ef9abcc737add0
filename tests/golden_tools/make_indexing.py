#!/usr/bin/env python3
"""Records what PyTorch and NumPy make of index expressions, masks, sets and counts, for IndexGoldenTests and SelectionGoldenTests.

    python3 tests/golden_tools/make_indexing.py

All numbers are multiples of 1/8, so that float32 holds them and most results exactly.
"""
import json
import pathlib

import numpy as np
import torch

OUT = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Indexing" / "data" / "indexing.json"
G = np.random.default_rng(5)


def eighths(*shape):
    return torch.tensor(G.integers(-64, 64, shape) / 8)


def plain(t):
    if isinstance(t, np.ndarray):
        t = torch.tensor(t)
    if isinstance(t, torch.Tensor):
        kind = {torch.float64: "f64", torch.int64: "i64", torch.bool: "bool"}[t.dtype]
        values = [("nan" if v != v else v) if kind == "f64" else int(v) for v in t.flatten().tolist()]
        return {"shape": list(t.shape), "type": kind, "values": values}
    return t


# How an expression is written down, and how PyTorch takes it.
def entry(e):
    if e is None:
        return "newaxis"
    if e is Ellipsis:
        return "ellipsis"
    if isinstance(e, int):
        return e
    if isinstance(e, slice):
        return {"start": e.start, "stop": e.stop, "step": e.step or 1}
    return plain(e)


def indices(*values):
    return torch.tensor(values)


def expressions():
    m3, m34, m345 = (torch.tensor(G.random(s) < 0.5) for s in [(3,), (3, 4), (3, 4, 5)])
    m4 = torch.tensor([True, False, False, True])
    s = slice(None)
    yield "rows", (indices(2, 0, 0, -1),)
    yield "rows of a matrix of indices", (indices([2, 0], [1, -3]),)
    yield "columns", (s, indices(3, -4, 1))
    yield "last axis", (..., indices(0, -1, 2, 2))
    yield "a number as a tensor", (torch.tensor(1),)
    yield "a number as a tensor in the middle", (s, torch.tensor(-2))
    yield "two together", (indices(0, 1, 2), indices(3, 2, -1))
    yield "two broadcast", (indices([0], [2]), indices(1, 3, 0))
    yield "three", (indices(0, 2), indices(1, 1), indices(-1, 4))
    yield "neighbours behind", (s, indices(1, 0), indices(4, 0))
    yield "apart", (indices(2, 0), s, indices(1, 3))
    yield "apart by a new axis", (indices(2, 0), None, indices(1, 3))
    yield "with a range between", (indices([2, 0], [1, 1]), slice(1, 3), indices(0, 4))
    yield "behind a range", (slice(1, None), indices(3, 3, 0))
    yield "with a step", (indices(1, 2), slice(None, None, 2), slice(1, 5, 3))
    yield "with a number before", (1, indices(0, 2))
    yield "with a number between", (indices(0, 2), 3, indices(1, 2))
    yield "with a number and a range", (-1, s, indices(0, 2))
    yield "with a new axis", (None, indices(0, 2), ..., None)
    yield "mask of all", (m345,)
    yield "mask of rows", (m3,)
    yield "mask of two axes", (m34,)
    yield "mask behind", (s, m4)
    yield "mask with an index", (m3, indices(1))
    yield "mask with a range", (m3, slice(1, 3))
    yield "two masks", (torch.tensor([True, False, True]), s, torch.tensor([False, True, True, False, False]))
    yield "mask of two axes with an index", (m34, indices(2))
    yield "nothing true", (torch.zeros(3, 4, dtype=torch.bool),)
    yield "no indices", (torch.zeros(0, dtype=torch.int64),)
    yield "no indices in two axes", (s, torch.zeros(2, 0, dtype=torch.int64))
    yield "true", (torch.tensor(True),)
    yield "false", (torch.tensor(False),)


def index_cases():
    for name, expression in expressions():
        x = eighths(3, 4, 5).requires_grad_()
        y = x[expression]
        dy = eighths(*y.shape)
        y.backward(dy)
        values = eighths(*y.shape)
        # NumPy promises that the last of equal indices stays. It takes numbers in C# as indices of their own, so they pick before.
        written = x.detach().clone().numpy()
        places = np.arange(60).reshape(3, 4, 5)
        flat = torch.tensor(places)[expression].numpy().ravel()
        for place, value in zip(flat, values.numpy().ravel()):
            written.ravel()[place] = value
        added = x.detach().clone().numpy()
        np.add.at(added.ravel(), flat, values.numpy().ravel())
        yield {"name": name, "index": [entry(e) for e in expression], "x": plain(x.detach()), "y": plain(y.detach()), "dy": plain(dy),
               "dx": plain(x.grad), "values": plain(values), "written": plain(written), "added": plain(added)}


def op(name, *results, **inputs):
    return {"op": name, "inputs": {k: plain(v) for k, v in inputs.items()}, "results": [plain(r.detach() if isinstance(r, torch.Tensor) else r) for r in results]}


def op_cases():
    nan = float("nan")
    x = eighths(3, 4)
    x[0, 1] = x[2, 3] = 0
    m = x > 0
    yield op("NonZero", x.nonzero(), x=x)
    yield op("NonZero", m.nonzero(), x=m)
    yield op("NonZero", torch.tensor(3.0, dtype=torch.float64).nonzero(), x=torch.tensor(3.0, dtype=torch.float64))
    yield op("NonZero", torch.zeros(2, 0).double().nonzero(), x=torch.zeros(2, 0).double())
    yield op("MaskedSelect", x.masked_select(m), x=x, mask=m)
    yield op("MaskedSelect", x.masked_select(m[:, :1]), x=x, mask=m[:, :1])
    yield op("MaskedSelect", x[0].masked_select(m), x=x[0], mask=m)
    yield op("MaskedScatter", x.masked_scatter(m, eights := eighths(15)), x=x, mask=m, source=eights)
    yield op("MaskedScatter", x.masked_scatter(m[0], eights := eighths(4, 4)), x=x, mask=m[0], source=eights)
    i = indices([3, -1], [0, -12])
    yield op("Take", x.take(i), x=x, index=i)
    yield op("Put", x.put(i, v := eighths(2, 2), accumulate=False), x=x, index=i, source=v, accumulate=False)
    j = indices(3, 3, -9, 1)
    yield op("Put", x.put(j, v := eighths(4), accumulate=True), x=x, index=j, source=v, accumulate=True)
    order = x.argsort(1)
    yield op("TakeAlongAxis", torch.take_along_dim(x, order, 1), x=x, index=order, axis=1)
    best = x.argmax(1, keepdim=True)
    yield op("TakeAlongAxis", torch.take_along_dim(x, best, 1), x=x, index=best, axis=-1)
    yield op("TakeAlongAxis", torch.take_along_dim(x, best[:1], 0), x=x, index=best[:1], axis=0)
    k = indices(2, 0, 2)
    yield op("IndexAdd", x.index_add(0, k, v := eighths(3, 4), alpha=2), x=x, axis=0, index=k, source=v, alpha=2)
    yield op("IndexAdd", x.index_add(1, k, v := eighths(3, 3)), x=x, axis=1, index=k, source=v, alpha=1)
    u = indices(3, 1)
    yield op("IndexCopy", x.index_copy(1, u, v := eighths(3, 2)), x=x, axis=1, index=u, source=v)
    yield op("IndexFill", x.index_fill(-1, u, 7), x=x, axis=-1, index=u, value=7)
    si = indices([0, 2, 1, 0], [2, 2, 2, 1])
    src = eighths(2, 4)
    numpy_scatter = x.clone().numpy()
    for a in range(2):
        for b in range(4):
            numpy_scatter[si[a, b], b] = src[a, b]
    yield op("Scatter", torch.tensor(numpy_scatter), x=x, axis=0, index=si, source=src)
    yield op("ScatterValue", x.scatter(1, si[:, :2], 1.5), x=x, axis=1, index=si[:, :2], value=1.5)
    base, terms = torch.tensor([2.0, -1, 3, 5, 0.5]).double(), torch.tensor([1.5, -2, 0, 4, 3, -2, 1.5, 2]).double()
    where = indices(0, 2, 2, 0, 4, 2, 0, 4)
    for reduction in ("sum", "prod", "mean", "amax", "amin"):
        for include in (True, False):
            a, b = base.clone().requires_grad_(), terms.clone().requires_grad_()
            r = a.scatter_reduce(0, where, b, reduction, include_self=include)
            dy = torch.tensor([1.0, 2, -3, 4, 5]).double()
            r.backward(dy)
            yield op("ScatterReduce", r, a.grad, b.grad, x=base, axis=0, index=where, source=terms, reduction=reduction, include=include, dy=dy)
    yield op("Roll", x.roll(2, 1), x=x, shifts=[2], axes=[1])
    yield op("Roll", x.roll(-5), x=x, shifts=[-5], axes=[])
    yield op("Roll", x.roll((1, -1), (0, 1)), x=x, shifts=[1, -1], axes=[0, 1])
    yield op("RepeatInterleave", x.repeat_interleave(3), x=x, repeats=3, axis=None)
    yield op("RepeatInterleave", x.repeat_interleave(2, 0), x=x, repeats=2, axis=0)
    yield op("RepeatInterleave", x.repeat_interleave(r := indices(2, 0, 1), 0), x=x, repeats=r, axis=0)
    yield op("RepeatInterleave", x.repeat_interleave(r := indices(1, 0, 0, 3), -1), x=x, repeats=r, axis=-1)
    yield op("Tile", x.tile(2), x=x, times=[2])
    yield op("Tile", x.tile(2, 1, 3), x=x, times=[2, 1, 3])
    w = torch.tensor([[3.0, 1, -2], [1, 1, nan], [nan, -2, 0]]).double()
    # PyTorch 1.13 does not sort NaN.
    values, inverse, counts = np.unique(w.numpy(), return_inverse=True, return_counts=True, equal_nan=False)
    yield op("Unique", torch.tensor(values), torch.tensor(inverse.reshape(w.shape)), torch.tensor(counts), x=w)
    yield op("Unique", *torch.unique(x, return_inverse=True, return_counts=True), x=x)
    rows = torch.tensor([[1, 2, 0], [0, 5, 5], [1, 2, 0], [1, 0, 9], [0, 5, 5]])
    yield op("UniqueAxis", *torch.unique(rows, dim=0, return_inverse=True, return_counts=True), x=rows, axis=0)
    yield op("UniqueAxis", *torch.unique(rows.T.contiguous(), dim=1, return_inverse=True, return_counts=True), x=rows.T.contiguous(), axis=1)
    runs = indices([1, 1, 2], [2, 2, 1], [1, 3, 3])
    yield op("UniqueConsecutive", *torch.unique_consecutive(runs, return_inverse=True, return_counts=True), x=runs, axis=None)
    stacked = rows[[0, 2, 1, 4, 0]]
    yield op("UniqueConsecutive", *torch.unique_consecutive(stacked, dim=0, return_inverse=True, return_counts=True), x=stacked, axis=0)
    n = indices(3, 0, 3, 7, 1, 3)
    yield op("BinCount", n.bincount(), x=n, minLength=0)
    yield op("BinCount", n.bincount(minlength=10), x=n, minLength=10)
    yield op("BinCount", n.bincount(weights=(v := eighths(6))), x=n, minLength=0, weights=v)
    h = torch.tensor([0.0, 1, 1, 2.5, 4, 3, 3.999, 0.5]).double()
    # 1.13's histogram takes float64 on the CPU; NumPy has the same rule.
    yield op("Histogram", *map(torch.tensor, (lambda a: (a[0].astype(float), a[1]))(np.histogram(h.numpy(), 4))), x=h, bins=4, range=None, density=False)
    yield op("Histogram", *torch.histogram(h, 8, range=(1.0, 3.0)), x=h, bins=8, range=[1, 3], density=False)
    yield op("Histogram", *torch.histogram(h, 5, range=(0.0, 4.0), density=True), x=h, bins=5, range=[0, 4], density=True)
    yield op("Histogram", *torch.histogram(h, 5, range=(0.0, 4.0), weight=(v := eighths(8))), x=h, bins=5, range=[0, 4], density=False, weights=v)
    yield op("Histogram", *torch.histogram(torch.full((3,), 2.0).double(), 3), x=torch.full((3,), 2.0).double(), bins=3, range=None, density=False)
    yield op("Histogram", *map(torch.tensor, (lambda a: (a[0].astype(float), a[1]))(np.histogram(np.zeros(0), 3))), x=torch.zeros(0).double(), bins=3, range=None, density=False)
    e = torch.tensor([0.0, 1, 3, 4]).double()
    yield op("HistogramEdges", *torch.histogram(h, e), x=h, edges=e, density=False)
    yield op("HistogramEdges", *torch.histogram(h, e, density=True), x=h, edges=e, density=True)
    edges = torch.tensor([1.0, 2, 2, 2, 5]).double()
    probes = torch.tensor([[0.0, 1, 2], [3, 5, 6]]).double()
    for right in (False, True):
        yield op("SearchSorted", torch.searchsorted(edges, probes, right=right), x=edges, values=probes, right=right)
        yield op("Bucketize", torch.bucketize(probes, edges, right=right), x=probes, boundaries=edges, right=right)
        matrix = torch.sort(eighths(2, 6), 1).values
        yield op("SearchSorted", torch.searchsorted(matrix, at := matrix[:, [1, 4]].contiguous(), right=right), x=matrix, values=at, right=right)
        ends = np.array([1, 2, np.nan, np.nan])
        yield op("SearchSorted", torch.tensor(np.searchsorted(ends, p := np.array([np.nan, 1.5, 9]), "right" if right else "left")), x=torch.tensor(ends), values=torch.tensor(p), right=right)
    for offset in (-2, -1, 0, 1, 3):
        yield op("Diag", x[0].diag(offset), x=x[0], diagonal=offset)
        yield op("Diag", x.diag(offset), x=x, diagonal=offset)
        cube = eighths(2, 3, 4)
        yield op("Diagonal", cube.diagonal(offset, 2, 1), x=cube, offset=offset, axis1=2, axis2=1)
        yield op("DiagEmbed", torch.diag_embed(x, offset, 0, 2), x=x, offset=offset, axis1=0, axis2=2)
    yield op("IsIn", torch.isin(rows, among := indices(5, 9, 9, -1)), x=rows, elements=among)
    yield op("IsIn", torch.isin(w, among := torch.tensor([nan, 3, -2]).double()), x=w, elements=among)


if __name__ == "__main__":
    OUT.parent.mkdir(parents=True, exist_ok=True)
    document = {"expressions": list(index_cases()), "operations": list(op_cases())}
    OUT.write_text("{\n" + ",\n".join(f'"{key}": [\n' + ",\n".join(json.dumps(c) for c in cases) + "\n]" for key, cases in document.items()) + "\n}\n")
