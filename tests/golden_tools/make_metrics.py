#!/usr/bin/env python3
"""Records what scikit-learn and SciPy make of predictions, for MetricGoldenTests.

    python3 tests/golden_tools/make_metrics.py
"""
import json
import pathlib

import numpy as np
import scipy.stats
import sklearn.metrics as M

OUT = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Nn" / "data" / "metrics.json"


def main():
    g = np.random.default_rng(5)
    n, classes = 60, 4
    truth = g.integers(0, classes, n)
    logits = np.round((g.normal(size=(n, classes)) + 1.2 * np.eye(classes)[truth]) * 8) / 8
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    guess = logits.argmax(1)
    # Steps of 1/16, so that many scores are equal.
    yes = (truth > 1).astype(int)
    chance = np.clip(np.round((0.5 + 0.15 * g.normal(size=n) + 0.12 * (2 * yes - 1)) * 16) / 16, 1 / 16, 15 / 16)
    y, t = np.round(g.normal(size=(n, 2)) * 16) / 16 + 30, None
    t = y + np.round(g.normal(size=(n, 2)) * 8) / 8
    falses, trues, thresholds = M.roc_curve(yes, chance, drop_intermediate=False)
    precisions, recalls, levels = M.precision_recall_curve(yes, chance)
    figures = {
        "auroc": M.roc_auc_score(yes, chance),
        "auroc_classes": M.roc_auc_score(truth, p, multi_class="ovr", average="macro"),
        "ap": M.average_precision_score(yes, chance),
        "ap_classes": M.average_precision_score(np.eye(classes)[truth], p, average="macro"),
        "kappa": M.cohen_kappa_score(truth, guess),
        "kappa_linear": M.cohen_kappa_score(truth, guess, weights="linear"),
        "kappa_quadratic": M.cohen_kappa_score(truth, guess, weights="quadratic"),
        "mcc": M.matthews_corrcoef(truth, guess),
        "balanced": M.balanced_accuracy_score(truth, guess),
        "iou": M.jaccard_score(truth, guess, average="macro"),
        "iou_micro": M.jaccard_score(truth, guess, average="micro"),
        "log_loss": M.log_loss(truth, p),
        "log_loss_binary": M.log_loss(yes, chance),
        "brier": M.brier_score_loss(yes, chance),
        "mae": M.mean_absolute_error(t, y),
        "mse": M.mean_squared_error(t, y),
        "rmse": M.mean_squared_error(t.ravel(), y.ravel(), squared=False),
        "mape": M.mean_absolute_percentage_error(t, y),
        "r2": M.r2_score(t, y),
        "ev": M.explained_variance_score(t, y),
        "pearson": scipy.stats.pearsonr(y[:, 0], t[:, 0])[0],
        "spearman": scipy.stats.spearmanr(y[:, 0], t[:, 0])[0],
        "perplexity": np.exp(M.log_loss(truth, p)),
    }
    OUT.write_text(json.dumps({
        "truth": truth.tolist(), "logits": logits.ravel().tolist(), "chance": chance.tolist(), "y": y.ravel().tolist(), "t": t.ravel().tolist(),
        "roc": [falses.tolist(), trues.tolist(), thresholds.tolist()[1:]], "pr": [precisions.tolist(), recalls.tolist(), levels.tolist()],
        "figures": {name: float(value) for name, value in figures.items()},
    }) + "\n")


if __name__ == "__main__":
    main()
