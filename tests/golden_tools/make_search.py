#!/usr/bin/env python3
"""Records what Optuna 3.1 (Debian's python3-optuna, with python3-sklearn for fANOVA) does, for the tests of Engine.Nn's search.

    python3 tests/golden_tools/make_search.py parzen pruning importance
    python3 tests/golden_tools/make_search.py best --function branin --seeds 30

Each part replaces its own member of tests/Engine.Tests/Nn/Search/optuna.json. Part `best` takes minutes: a function at a time.
"""
import argparse
import json
import math
import pathlib

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_weights

OUT = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Nn" / "Search" / "optuna.json"
CHECKPOINTS = [30, 60, 100]

HARTMANN_A = np.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]])
HARTMANN_P = 1e-4 * np.array([[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
                              [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]])
HARTMANN_C = np.array([1.0, 1.2, 3.0, 3.2])


def branin(trial):
    x = trial.suggest_float("x", -5, 10)
    y = trial.suggest_float("y", 0, 15)
    return (y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6) ** 2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def hartmann6(trial):
    x = np.array([trial.suggest_float(f"x{i}", 0, 1) for i in range(6)])
    return -float(HARTMANN_C @ np.exp(-(HARTMANN_A * (x - HARTMANN_P) ** 2).sum(axis=1)))


def rosenbrock(trial):
    x = trial.suggest_float("x", -2, 2)
    y = trial.suggest_float("y", -2, 2)
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def conditional(trial):
    """A branch for each optimizer; the best of sgd is 1, of adam 1.2."""
    layers = trial.suggest_int("layers", 1, 6)
    depth = 0.05 * (layers - 3) ** 2
    if trial.suggest_categorical("optimizer", ["sgd", "adam"]) == "sgd":
        rate = trial.suggest_float("sgd_rate", 1e-4, 1, log=True)
        momentum = trial.suggest_float("momentum", 0, 0.95, step=0.05)
        return 1 + depth + 0.3 * math.log10(rate / 0.1) ** 2 + 2 * (momentum - 0.9) ** 2
    rate = trial.suggest_float("adam_rate", 1e-5, 1e-1, log=True)
    units = trial.suggest_int("units", 8, 512, log=True)
    return 1.2 + depth + 0.3 * math.log10(rate / 0.001) ** 2 + 0.1 * math.log2(units / 128) ** 2


FUNCTIONS = {f.__name__: f for f in (branin, hartmann6, rosenbrock, conditional)}


def best(name, seeds):
    """The best value after so many trials, of each seed, by sampler."""
    result = {}
    for sampler, make in {"random": optuna.samplers.RandomSampler, "tpe": optuna.samplers.TPESampler}.items():
        rows = []
        for seed in range(seeds):
            study = optuna.create_study(sampler=make(seed=seed))
            study.optimize(FUNCTIONS[name], n_trials=CHECKPOINTS[-1])
            values = [t.value for t in study.trials]
            rows.append([min(values[:n]) for n in CHECKPOINTS])
        result[sampler] = np.array(rows).T.tolist()
        print(name, sampler, np.median(rows, axis=0))
    return result


def parzen():
    """Means, deviations, weights and log densities of the estimator over observations of a seed."""
    spaces = {
        "uniform": FloatDistribution(-5, 10),
        "log": FloatDistribution(1e-5, 1e-1, log=True),
        "step": FloatDistribution(0, 0.95, step=0.05),
        "int": IntDistribution(1, 6),
        "intStep": IntDistribution(8, 64, step=8),
        "intLog": IntDistribution(8, 512, log=True),
        "choice": CategoricalDistribution(["a", "b", "c"]),
    }
    parameters = _ParzenEstimatorParameters(True, 1.0, True, False, default_weights, False)
    # Which of equal observations gets the wider normal is left to the sort; here the later one comes later.
    argsort = np.argsort
    np.argsort = lambda values: argsort(values, kind="stable")
    rng = np.random.RandomState(5)
    cases = []
    for name, space in spaces.items():
        for n in (0, 1, 4, 40):
            study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=int(rng.randint(1000))))
            seen = [study.ask({"v": space}).params["v"] for _ in range(n + 25)]
            inner = np.array([space.to_internal_repr(v) for v in seen], dtype=float)
            if name == "choice":
                inner = inner.astype(int)
            estimator = _ParzenEstimator({"v": inner[:n]}, {"v": space}, parameters)
            points = inner[n:]
            case = {"space": name, "observations": inner[:n].tolist(), "points": points.tolist(),
                    "weights": estimator._weights.tolist(), "logDensity": estimator.log_pdf({"v": points}).tolist()}
            if name != "choice":
                case["means"] = estimator._mus["v"].tolist()
                case["deviations"] = estimator._sigmas["v"].tolist()
            cases.append(case)
    return cases


def pruning():
    """Where trials with curves of a seed are given up, one trial after the other."""
    cases = []
    pruners = {
        "halving-1-4": optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=4),
        "halving-2-3": optuna.pruners.SuccessiveHalvingPruner(min_resource=2, reduction_factor=3),
        "halving-1-2-late": optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2, min_early_stopping_rate=1),
        "median": optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2),
    }
    for name, pruner in pruners.items():
        for direction in ("minimize", "maximize"):
            rng = np.random.RandomState(len(cases))
            curves = np.round(rng.rand(40, 1) + 1 / np.arange(1, 28) * rng.rand(40, 1) + 0.02 * rng.rand(40, 27), 4).tolist()
            study = optuna.create_study(pruner=pruner, direction=direction)
            ends = []
            for curve in curves:
                trial = study.ask()
                for step, value in enumerate(curve, start=1):
                    trial.report(value, step)
                    if trial.should_prune():
                        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                        break
                else:
                    study.tell(trial, curve[-1])
                ends.append(step)
            cases.append({"pruner": name, "direction": direction, "curves": curves, "steps": ends})
            print(name, direction, ends)
    return cases


def importance():
    """fANOVA of an additive function, of one with an interaction, and one with a choice, averaged over forests of ten seeds."""
    def additive(x):
        return 4 * x["a"] + 2 * x["b"] ** 2 + math.sin(3 * x["c"])

    def interacting(x):
        return (x["a"] - 0.5) * (x["b"] - 0.5) * 8 + x["a"] + 0.3 * x["c"]

    def chosen(x):
        return {"p": 0.0, "q": 1.0, "r": 3.0}[x["k"]] + 2 * x["a"] + 0.5 * x["b"]

    cases = []
    for function in (additive, interacting, chosen):
        names = "abk" if function is chosen else "abc"
        space = {n: CategoricalDistribution(["p", "q", "r"]) if n == "k" else FloatDistribution(0, 1) for n in names}
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=3))
        for _ in range(200):
            trial = study.ask(space)
            study.tell(trial, function(trial.params))
        shares = [optuna.importance.get_param_importances(study, evaluator=optuna.importance.FanovaImportanceEvaluator(seed=s)) for s in range(10)]
        points = [[space[n].to_internal_repr(t.params[n]) for n in names] for t in study.trials]
        case = {"function": function.__name__, "names": list(names), "points": points, "values": [t.value for t in study.trials],
                "importance": [float(np.mean([s[n] for s in shares])) for n in names]}
        cases.append(case)
        print(function.__name__, case["importance"])
    return cases


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="+", choices=["best", "parzen", "pruning", "importance"])
    parser.add_argument("--function", choices=FUNCTIONS, action="append")
    parser.add_argument("--seeds", type=int, default=30)
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    recorded = json.loads(OUT.read_text()) if OUT.exists() else {}
    recorded["optuna"] = optuna.__version__
    recorded["checkpoints"] = CHECKPOINTS
    for part in arguments.parts:
        if part == "best":
            for name in arguments.function or FUNCTIONS:
                recorded.setdefault("best", {})[name] = best(name, arguments.seeds)
        else:
            recorded[part] = {"parzen": parzen, "pruning": pruning, "importance": importance}[part]()
        # Short numbers where many are only medians' material.
        OUT.write_text(json.dumps(recorded, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
