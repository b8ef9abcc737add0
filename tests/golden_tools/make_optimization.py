"""Records what SciPy and PyTorch need on the test functions: tests/Engine.Tests/Nn/Optimization/peers.json.

Run it from anywhere: python3 tests/golden_tools/make_optimization.py. It needs numpy, scipy and torch.
"""
import json
import os

import numpy as np
import scipy
import torch
from scipy.optimize import least_squares, minimize

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "..", "Engine.Tests", "Nn", "Optimization", "peers.json")


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def beale(x):
    a, b = x[0], x[1]
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2


def booth(x):
    return (x[0] + 2 * x[1] - 7) ** 2 + (2 * x[0] + x[1] - 5) ** 2


def himmelblau(x):
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def rastrigin(x):
    return 10 * len(x) + (x**2 - 10 * torch.cos(2 * np.pi * x)).sum()


def quadratic(condition):
    def f(x):
        n = len(x)
        curvatures = torch.tensor([condition ** (i / (n - 1)) for i in range(n)], dtype=torch.float64)
        return 0.5 * (curvatures * x**2).sum()

    return f


def valley(n):
    return [-1.2 if i % 2 == 0 else 1.0 for i in range(n)]


PROBLEMS = [
    ("Rosenbrock", rosenbrock, valley(2)),
    ("Rosenbrock", rosenbrock, valley(10)),
    ("Rosenbrock", rosenbrock, valley(100)),
    ("Beale", beale, [1.0, 1.0]),
    ("Booth", booth, [-5.0, 5.0]),
    ("Himmelblau", himmelblau, [0.0, 0.0]),
    ("Rastrigin", rastrigin, [2.2, 2.2]),
    ("Quadratic 1e2", quadratic(1e2), [1.0] * 2),
    ("Quadratic 1e3", quadratic(1e3), [1.0] * 100),
    ("Quadratic 1e6", quadratic(1e6), [1.0] * 100),
]


def value_and_gradient(f):
    def both(x):
        leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        y = f(leaf)
        y.backward()
        return y.item(), leaf.grad.numpy().copy()

    return both


def scipy_lbfgs(f, start, tolerance):
    """Iterations and evaluations until the Euclidean norm of the gradient is at most the tolerance."""
    both, count, reached = value_and_gradient(f), [0, 0], []

    def counted(x):
        count[1] += 1
        return both(x)

    def step(x):
        count[0] += 1
        if not reached and np.linalg.norm(both(x)[1]) <= tolerance:
            reached.append((count[0], count[1], both(x)[0], x.tolist()))

    minimize(counted, start, jac=True, method="L-BFGS-B", callback=step,
             options={"maxcor": 10, "ftol": 0, "gtol": tolerance / 100, "maxiter": 50000, "maxfun": 100000, "maxls": 50})
    return reached[0] if reached else None


def torch_lbfgs(f, start, line_search, steps, rate):
    """The loss before each call of step, and the parameters after the last one."""
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([x], lr=rate, max_iter=4, history_size=5, line_search_fn=line_search)
    losses, path = [], []
    for _ in range(steps):
        def closure():
            optimizer.zero_grad()
            loss = f(x)
            loss.backward()
            return loss

        losses.append(optimizer.step(closure).item())
        path.append(x.detach().tolist())
    return {"losses": losses, "path": path, "iterations": optimizer.state[x]["n_iter"], "evaluations": optimizer.state[x]["func_evals"]}


def exponential_fit():
    """y = a·exp(−b·t) + c through 20 points with a fixed disturbance."""
    t = np.linspace(0, 4, 20)
    y = 2.5 * np.exp(-1.3 * t) + 0.5 + 0.05 * np.sin(7 * np.arange(20))
    result = least_squares(lambda p: p[0] * np.exp(-p[1] * t) + p[2] - y, [1.0, 1.0, 0.0], method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    return {"t": t.tolist(), "y": y.tolist(), "solution": result.x.tolist(), "cost": float(result.cost)}


def main():
    lbfgs = []
    for name, f, start in PROBLEMS:
        for tolerance in (1e-3, 1e-6):
            found = scipy_lbfgs(f, np.array(start), tolerance)
            if found:
                lbfgs.append({"function": name, "dimensions": len(start), "tolerance": tolerance, "iterations": found[0], "evaluations": found[1], "value": found[2]})
    torch_runs = [
        {"function": name, "dimensions": len(start), "start": start, "rate": rate, **torch_lbfgs(f, start, None, 6, rate)}
        for name, f, start, rate in [
            ("Booth", booth, [-5.0, 5.0], 1.0), ("Himmelblau", himmelblau, [2.5, 1.5], 0.5), ("Quadratic 1e2", quadratic(1e2), [1.0] * 2, 0.5), ("Rosenbrock", rosenbrock, [0.5] * 10, 0.2)]
    ]
    document = {"scipy": scipy.__version__, "torch": torch.__version__, "lbfgs": lbfgs, "torchLbfgs": torch_runs, "exponentialFit": exponential_fit()}
    with open(TARGET, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
