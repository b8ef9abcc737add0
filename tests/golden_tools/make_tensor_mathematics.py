#!/usr/bin/env python3
"""Records what PyTorch and NumPy make of small arrays, for TensorMathematicsTests: running products, reductions, products of vectors, Fourier transforms,
windows and spectra of pieces of signals.

    python3 tests/golden_tools/make_tensor_mathematics.py

Complex numbers are pairs along a last axis. Numbers are texts, so that NaN and infinities can be among them. Where a case has gradients, they are those of Σ w·y with w = 1, 2, 3, ….
"""
import json
import pathlib

import numpy as np
import torch

OUT = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Elementary" / "data" / "tensors.json"
g = np.random.default_rng(5)
NAN, INF = float("nan"), float("inf")
CASES = []


def text(a):
    return [repr(float(v)) if np.isfinite(v) else "NaN" if np.isnan(v) else "Infinity" if v > 0 else "-Infinity" for v in np.asarray(a, float).ravel()]


def tensor(a):
    return {"shape": list(np.shape(a)), "values": text(a)}


def pairs(a):
    return np.stack([np.real(a), np.imag(a)], -1)


def add(name, inputs, f, gradient=True):
    """f of PyTorch tensors; complex results become pairs."""
    x = [torch.tensor(np.asarray(v, float), dtype=torch.float64, requires_grad=gradient) for v in inputs]
    y = f(*x)
    y = torch.view_as_real(y) if y.is_complex() else y
    case = {"name": name, "inputs": [tensor(v) for v in inputs], "y": tensor(y.detach().double().numpy())}
    if gradient:
        w = torch.arange(1, y.numel() + 1, dtype=torch.float64).reshape(y.shape)
        (y * w).sum().backward()
        case["dx"] = [tensor(v.grad.numpy()) for v in x]
    CASES.append(case)


def r(*shape):
    return g.uniform(-2, 2, shape)


def z(x):
    return torch.view_as_complex(x.contiguous())


def cumulative():
    a = r(3, 5)
    a[1, 2] = 0
    add("cumprod", [a], lambda x: torch.cumprod(x, 1))
    b = r(5, 2)
    b[1, 0] = b[3, 0] = 0
    add("cumprod two zeros", [b], lambda x: torch.cumprod(x, 0))
    add("logcumsumexp", [r(2, 6) * 3], lambda x: torch.logcumsumexp(x, 1))
    t = np.array([[1.0, 3, 3, 2, 5, 5, 1], [2, NAN, 1, 4, NAN, 7, 0]])
    add("cummax", [t], lambda x: torch.cummax(x, 1).values, False)
    add("cummax places", [t], lambda x: torch.cummax(x, 1).indices, False)
    add("cummin", [-t], lambda x: torch.cummin(x, 1).values, False)
    add("cummin places", [-t], lambda x: torch.cummin(x, 1).indices, False)
    add("cummax gradient", [r(4, 5)], lambda x: torch.cummax(x, 0).values)
    add("diff", [r(3, 5), r(3, 1), r(3, 2)], lambda x, p, q: torch.diff(x, 2, 1, p, q))


def reductions():
    m = np.array([[3.0, 1, 2, 4], [1, NAN, 0, 2], [5, 5, 5, 1], [NAN, NAN, NAN, NAN]])
    add("median", [m], lambda x: torch.median(x, 1).values, False)
    add("nanmedian", [m], lambda x: torch.nanmedian(x, 1).values, False)
    add("median gradient", [r(3, 6)], lambda x: torch.median(x, 0).values)
    add("median all", [r(3, 4)], lambda x: torch.median(x))
    for way in ("linear", "lower", "higher", "midpoint", "nearest"):
        for q in (0.0, 0.3, 0.5, 1.0):
            add(f"quantile {way} {q}", [m], lambda x: torch.quantile(x, q, 1, interpolation=way), False)
            add(f"nanquantile {way} {q}", [m], lambda x: torch.nanquantile(x, q, 1, interpolation=way), False)
    add("quantiles", [r(3, 5)], lambda x: torch.quantile(x, torch.tensor([0.1, 0.55], dtype=torch.float64), 1, keepdim=True))
    add("nanquantiles", [r(3, 5)], lambda x: torch.nanquantile(x, torch.tensor([0.1, 0.55], dtype=torch.float64), 0))
    n = np.array([[0.0, -3, 4, 0], [1, 2, -2, 0.5], [0, 0, 0, 0]])
    for p in (0, 0.5, 1, 2, 3, INF, -INF, -1):
        add(f"norm {p}", [n], lambda x: torch.linalg.vector_norm(x, p, 1), False)
        add(f"norm gradient {p}", [r(3, 4)], lambda x: torch.linalg.vector_norm(x, p, 0), p != 0)
    f = np.array([[1.0, 2, 1, 2, 3], [5, 4, 4, 4, 5], [3, 2, 1, 0, -1]])
    add("mode", [f], lambda x: torch.mode(x, 1).values, False)
    add("mode places", [f], lambda x: torch.mode(x, 1).indices, False)
    add("count", [n], lambda x: torch.count_nonzero(x, 1), False)
    add("nansum", [m], lambda x: torch.nansum(x, 1), False)
    add("nanmean", [m], lambda x: torch.nanmean(x, 1), False)
    add("varmean", [r(3, 4)], lambda x: torch.stack(torch.var_mean(x, 1, unbiased=False)))
    add("any", [n], lambda x: torch.any(x != 0, 1).double(), False)
    add("all", [n], lambda x: torch.all(x != 0, 1, keepdim=True).double(), False)


def products():
    add("outer", [r(3), r(4)], torch.outer)
    add("kron", [r(2, 3), r(3, 2)], torch.kron)
    add("kron ranks", [r(2), r(3, 2)], torch.kron)
    add("dot", [r(5), r(5)], torch.dot)
    add("cross", [r(2, 3), r(2, 3)], lambda x, y: torch.cross(x, y, 1))
    add("trace", [r(3, 4)], torch.trace)
    add("tensordot", [r(2, 3, 4), r(3, 4, 5)], lambda x, y: torch.tensordot(x, y, 2))
    add("tensordot axes", [r(2, 3, 4), r(4, 5, 2)], lambda x, y: torch.tensordot(x, y, ([0, 2], [2, 0])))
    add("cosine", [r(3, 4), r(3, 4)], lambda x, y: torch.cosine_similarity(x, y, 1))
    for p in (0, 1, 2, 3, INF):
        add(f"cdist {p}", [r(2, 4, 3), r(2, 5, 3)], lambda x, y: torch.cdist(x, y, p, compute_mode="donot_use_mm_for_euclid_dist"), p != 0)
    add("einsum points", [r(2, 3, 4), r(1, 4, 2)], lambda x, y: torch.einsum("...ij,...jk->...ik", x, y))
    add("einsum implied", [r(3, 2, 4), r(4)], lambda x, y: torch.einsum("...j,j", x, y))
    add("einsum diagonal", [r(2, 3, 3)], lambda x: torch.einsum("...ii->...i", x))
    add("einsum between", [r(3, 2, 4), r(3, 2)], lambda x, y: torch.einsum("a...b,a...->b...", x, y))
    add("meshgrid ij", [r(2), r(3)], lambda x, y: torch.stack(torch.meshgrid(x, y, indexing="ij")))
    add("meshgrid xy", [r(2), r(3)], lambda x, y: torch.stack(torch.meshgrid(x, y, indexing="xy")))
    add("cartesian", [r(2), r(3), r(2)], torch.cartesian_prod)
    add("combinations", [r(4)], lambda x: torch.combinations(x, 3))
    add("combinations replaced", [r(3)], lambda x: torch.combinations(x, 2, True))
    add("vander", [r(3)], lambda x: torch.vander(x, 4), False)
    add("vander increasing", [r(3)], lambda x: torch.vander(x, increasing=True), False)


def fourier():
    for n in (1, 2, 3, 8, 35, 64, 66, 67, 96, 134, 131, 256):
        add(f"fft {n}", [r(2, n, 2)], lambda x: torch.fft.fft(z(x)), n < 70)
    for norm in ("backward", "ortho", "forward"):
        add(f"fft {norm}", [r(3, 4, 2)], lambda x: torch.fft.fft(z(x), dim=0, norm=norm))
        add(f"ifft {norm}", [r(3, 5, 2)], lambda x: torch.fft.ifft(z(x), norm=norm))
        add(f"rfft {norm}", [r(3, 5)], lambda x: torch.fft.rfft(x, norm=norm))
        add(f"irfft {norm}", [r(3, 4, 2)], lambda x: torch.fft.irfft(z(x), norm=norm))
    add("fft cut", [r(2, 6, 2)], lambda x: torch.fft.fft(z(x), 4))
    add("fft padded", [r(2, 6, 2)], lambda x: torch.fft.fft(z(x), 9))
    add("rfft axis", [r(6, 3)], lambda x: torch.fft.rfft(x, 7, 0))
    add("irfft odd", [r(2, 4, 2)], lambda x: torch.fft.irfft(z(x), 7))
    add("irfft padded", [r(2, 3, 2)], lambda x: torch.fft.irfft(z(x), 10))
    add("irfft one", [r(2, 3, 2)], lambda x: torch.fft.irfft(z(x), 1))
    add("fft2", [r(2, 3, 4, 2)], lambda x: torch.fft.fft2(z(x)))
    add("ifft2", [r(2, 3, 4, 2)], lambda x: torch.fft.ifft2(z(x)))
    add("rfft2", [r(2, 3, 4)], lambda x: torch.fft.rfft2(x))
    add("irfft2", [r(3, 3, 2)], lambda x: torch.fft.irfft2(z(x)))
    add("shift", [r(4, 5)], lambda x: torch.fft.fftshift(x, 1))
    add("shift all", [r(4, 5)], lambda x: torch.fft.fftshift(x))
    add("unshift", [r(4, 5)], lambda x: torch.fft.ifftshift(x, 1))
    add("freq", [r(1)], lambda _: torch.fft.fftfreq(7, 0.5, dtype=torch.float64), False)
    add("freq even", [r(1)], lambda _: torch.fft.fftfreq(8, dtype=torch.float64), False)
    add("rfreq", [r(1)], lambda _: torch.fft.rfftfreq(9, 2, dtype=torch.float64), False)
    add("mul", [r(2, 3, 2), r(3, 2)], lambda x, y: z(x) * z(y))


def spectra():
    def hann(n):
        return torch.hann_window(n, dtype=torch.float64).numpy()

    def stft(x, w=None, n=8, **k):
        return torch.stft(x, n, window=w, return_complex=True, **k)

    def istft(x, w=None, n=8, **k):
        return torch.istft(z(x), n, window=w, **k)

    for n in (0, 1, 2, 7, 8):
        for periodic in (True, False):
            way = f"{n} {periodic}"
            for name in ("hann", "hamming", "blackman", "bartlett"):
                add(f"{name} {way}", [r(1)], lambda _: getattr(torch, f"{name}_window")(n, periodic, dtype=torch.float64), False)
            for beta in (0.0, 3.5, 12.0, 90.0):
                add(f"kaiser {way} {beta:g}", [r(1)], lambda _: torch.kaiser_window(n, periodic, beta, dtype=torch.float64), False)
    for mode in ("reflect", "constant", "replicate", "circular"):
        add(f"stft {mode}", [r(2, 19), r(8) + 3], lambda x, w: stft(x, w, pad_mode=mode))
    add("stft plain", [r(21)], stft)
    add("stft hop", [r(2, 20), r(8)], lambda x, w: stft(x, w, hop_length=3))
    add("stft short window", [r(20), r(5)], lambda x, w: stft(x, w, win_length=5))
    add("stft short ones", [r(20)], lambda x: stft(x, win_length=5))
    add("stft not centred", [r(2, 20), r(7)], lambda x, w: stft(x, w, n=7, hop_length=4, center=False))
    add("stft normalized", [r(2, 20), r(7)], lambda x, w: stft(x, w, n=7, hop_length=2, normalized=True))
    add("stft twosided", [r(2, 20), r(6)], lambda x, w: stft(x, w, n=6, hop_length=2, onesided=False))
    add("stft one frame", [r(8), r(8)], lambda x, w: stft(x, w, center=False))
    add("istft plain", [r(5, 4, 2)], istft)
    add("istft hann", [r(2, 5, 6, 2), hann(8)], lambda x, w: istft(x, w, hop_length=3))
    add("istft short window", [r(5, 6, 2), r(5) + 3], lambda x, w: istft(x, w, win_length=5))
    add("istft not centred", [r(2, 4, 3, 2), r(7) + 3], lambda x, w: istft(x, w, n=7, hop_length=4, center=False))
    add("istft normalized", [r(4, 3, 2), r(7) + 3], lambda x, w: istft(x, w, n=7, hop_length=2, normalized=True))
    add("istft twosided", [r(2, 6, 5, 2), r(6) + 3], lambda x, w: istft(x, w, n=6, hop_length=2, onesided=False))
    add("istft shorter", [r(5, 4, 2), r(8) + 3], lambda x, w: istft(x, w, length=4))
    add("istft longer", [r(5, 4, 2), r(8) + 3], lambda x, w: istft(x, w, length=15))
    add("istft as long as all", [r(5, 4, 2), r(8) + 3], lambda x, w: istft(x, w, length=10))


def main():
    cumulative()
    reductions()
    products()
    fourier()
    spectra()
    OUT.write_text("[\n" + ",\n".join(json.dumps(c) for c in CASES) + "\n]\n")


main()
