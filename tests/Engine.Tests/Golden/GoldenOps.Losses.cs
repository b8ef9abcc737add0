namespace Engine.Tests.Golden;

internal static partial class GoldenOps
{
    private static Dictionary<string, GoldenOp> Losses() => new()
    {
        ["cross_entropy"] = One(c => c.Case.Bool("from_logits")
            ? c["logits"].CrossEntropy(c["target"], labelSmoothing: c.Case.Double("label_smoothing", 0))
            : c["logits"].CrossEntropyFromProbabilities(c["target"])),
        ["nll_loss"] = One(c => c["log_probs"].NllLoss(c["target"])),
        ["kl_div"] = One(c => c["log_q"].KlDiv(c["p"], c.Case.Text("reduction") switch
        {
            "batchmean" => Reduction.BatchMean,
            "mean" => Reduction.Mean,
            "sum" => Reduction.Sum,
            string other => throw new InvalidDataException($"Reduction {other}."),
        })),
        ["mse_loss"] = One(c => c["pred"].MseLoss(c["target"])),
        ["l1_loss"] = One(c => c["pred"].L1Loss(c["target"])),
        ["smooth_l1_loss"] = One(c => c["pred"].SmoothL1Loss(c["target"])),
        ["huber_loss"] = One(c => c["pred"].HuberLoss(c["target"])),
        ["bce_with_logits"] = One(c => c["logits"].BceWithLogits(c["target"])),
    };
}
