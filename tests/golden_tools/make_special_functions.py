#!/usr/bin/env python3
"""Records special functions by mpmath, in 40 digits, at numbers that float32 holds, for SpecialFunctionTests.

    python3 tests/golden_tools/make_special_functions.py

Special values are SciPy's and NumPy's, but ln |Γ(−∞)| is ∞, as in C. Numbers are texts, so that NaN and infinities can be among them.
"""
import json
import pathlib

import mpmath as mp
import numpy as np
import scipy.special as sp

OUT = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Elementary" / "data" / "functions.json"
mp.mp.dps = 40
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 1e-30, -1e-30, 1e30, -1e30]


def numbers(low, high, count=40, extra=()):
    g = np.random.default_rng(int(abs(low) * 1000 + abs(high)))
    x = np.concatenate([g.uniform(low, high, count), np.array(extra, float)])
    return [float(v) for v in np.float32(x)]


def real(f):
    def at(*x):
        try:
            y = f(*[mp.mpf(v) for v in x])
            return float(y.real) if abs(mp.im(y)) == 0 else float("nan")
        except (ValueError, ZeroDivisionError):
            return float("nan")
    return at


def digamma(x):
    return mp.digamma(x) if not (x <= 0 and x == int(x)) else mp.nan


def logaddexp(a, b):
    return max(a, b) + mp.log1p(mp.exp(-abs(a - b)))


EDGE = [1 - 2.0**-24, -(1 - 2.0**-24), 1 - 2.0**-12, 2.0**-12, 0.4142, 0.9, -0.9]
UNARY = {
    "Asin": (mp.asin, np.arcsin, numbers(-1, 1, extra=EDGE)),
    "Acos": (mp.acos, np.arccos, numbers(-1, 1, extra=EDGE)),
    "Atan": (mp.atan, np.arctan, numbers(-4, 4, extra=[1000, -3e7, 2.4142, 0.4143, 1.001])),
    "Sinh": (mp.sinh, np.sinh, numbers(-5, 5, extra=[1e-3, 19.9, 20.1, 80, 88.8, -88.8, 90, -90])),
    "Cosh": (mp.cosh, np.cosh, numbers(-5, 5, extra=[1e-3, 19.9, 20.1, 80, 88.8, -88.8, 90, -90])),
    "Asinh": (mp.asinh, np.arcsinh, numbers(-5, 5, extra=[1e-3, 1e7, 1e9, -1e20])),
    "Acosh": (mp.acosh, np.arccosh, numbers(1, 5, extra=[1 + 2.0**-23, 1.001, 1e7, 1e9, 1e20, 0.99, -3, -1e9])),
    "Atanh": (mp.atanh, np.arctanh, numbers(-1, 1, extra=EDGE + [1.5, -7])),
    "Erfc": (mp.erfc, sp.erfc, numbers(-3, 9, extra=[0.4999, 0.5001, 9.3, 12, 27])),
    "Erfinv": (mp.erfinv, sp.erfinv, numbers(-1, 1, extra=EDGE + [0.9990, 0.998, 1.5])),
    "Lgamma": (lambda x: mp.log(abs(mp.gamma(x))), lambda x: abs(sp.gammaln(x)) if np.isinf(x) else sp.gammaln(x), numbers(0, 12, extra=[1.0001, 0.9999, 1.999, 2.001, 1e-5, 7.99, 8.01, 1e3, 1e6, -0.5, -1.5, -10.25, -3.999])),
    "Digamma": (digamma, sp.psi, numbers(0, 14, extra=[1e-5, 9.99, 10.01, 1e6, -0.5, -1.25, -10.25, -3.999])),
    "Trigamma": (lambda x: mp.psi(1, x), lambda x: sp.polygamma(1, np.abs(x)), numbers(0, 14, extra=[1e-3, 9.99, 1e6, -0.5, -1.25, -10.25])),
    "Sinc": (mp.sincpi, np.sinc, numbers(-4, 4, extra=[1e-4, 3, 100.25, 1e6])),
    "Logit": (lambda x: mp.log(x / (1 - x)), sp.logit, numbers(0, 1, extra=[0.5001, 0.4999, 1e-20, 1 - 2.0**-24, 1.5])),
    "Log2": (lambda x: mp.log(x, 2), np.log2, numbers(0, 50, extra=[8, 1024, 1e-20])),
    "Log10": (mp.log10, np.log10, numbers(0, 50, extra=[100, 1000, 1e-20])),
    "Exp2": (lambda x: mp.power(2, x), np.exp2, numbers(-20, 20, extra=[10, -10, 100.5, 127.9])),
}
BINARY = {
    "Atan2": (mp.atan2, np.arctan2, (-4, 4)),
    "Hypot": (mp.hypot, np.hypot, (-4, 4)),
    "LogAddExp": (logaddexp, np.logaddexp, (-9, 9)),
    "Fmod": (lambda a, b: mp.mpf(np.fmod(float(a), float(b))), np.fmod, (-9, 9)),
    "Xlogy": (lambda a, b: a * mp.log(b) if a != 0 else mp.mpf(0), sp.xlogy, (0, 9)),
}


def text(values):
    return [repr(float(v)) if np.isfinite(v) else "NaN" if np.isnan(v) else "Infinity" if v > 0 else "-Infinity" for v in values]


def main():
    cases = []
    with np.errstate(all="ignore"):
        for name, (exact, plain, x) in UNARY.items():
            special = SPECIAL if name != "Trigamma" else [np.inf, np.nan, 1.0, 2.0, 0.5]
            big = [v for v in special if name not in ("Digamma", "Sinc") or abs(v) < 1e30 or not np.isfinite(v)]
            y = [real(exact)(v) for v in x] + [float(plain(np.float64(np.float32(v)))) for v in big]
            cases.append({"name": name, "x": text(x + [float(np.float32(v)) for v in big]), "y": text(y)})
        for name, (exact, plain, (low, high)) in BINARY.items():
            a, b = numbers(low, high, 60), numbers(low, high + 1, 60)
            y = [real(exact)(u, v) for u, v in zip(a, b)]
            few = SPECIAL[:11] if name == "Fmod" else SPECIAL
            pairs = [(float(np.float32(u)), float(np.float32(v))) for u in few for v in few]
            y += [float(plain(np.float64(u), np.float64(v))) for u, v in pairs]
            cases.append({"name": name, "x": text(a + [u for u, _ in pairs]), "z": text(b + [v for _, v in pairs]), "y": text(y)})
    OUT.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


main()
