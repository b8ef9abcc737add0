namespace Engine.Tests.OpCases;

internal static partial class OpTable
{
    private const int Classes = 5;

    private static IEnumerable<OpCase> Losses() =>
    [
        Loss("CrossEntropy", n => [new([n, Classes], -4, 4), OpInput.Index([n], Classes)], x => x[0].CrossEntropy(x[1])),
        Loss("CrossEntropyManyClasses", n => [new([3, n], -4, 4), OpInput.Index([3], n)], x => x[0].CrossEntropy(x[1])),
        Loss("CrossEntropyEach", n => [new([n, Classes], -4, 4), OpInput.Index([n], Classes)], x => x[0].CrossEntropy(x[1], reduction: Reduction.None)),
        Loss("CrossEntropySum", n => [new([n, Classes], -4, 4), OpInput.Index([n], Classes)], x => x[0].CrossEntropy(x[1], reduction: Reduction.Sum)),
        Loss("CrossEntropySmooth", n => [new([n, Classes], -4, 4), OpInput.Index([n], Classes)], x => x[0].CrossEntropy(x[1], labelSmoothing: 0.1)),
        Loss(
            "CrossEntropyWeighted",
            n => [new([n, Classes], -4, 4), OpInput.Index([n], Classes), OpInput.Constant([Classes], 0.5, 2)],
            x => x[0].CrossEntropy(x[1], x[2], labelSmoothing: 0.2)),
        Loss(
            "CrossEntropyIgnore",
            n => [new([n + 3, Classes], -4, 4), OpInput.Index([n + 3], Classes)],
            x => x[0].CrossEntropy(x[1], ignoreIndex: 2, reduction: Reduction.Sum)),
        Loss("CrossEntropyImage", n => [new([2, Classes, 3, n], -4, 4), OpInput.Index([2, 3, n], Classes)], x => x[0].CrossEntropy(x[1])),
        Loss("CrossEntropySoft", n => [new([n, Classes], -4, 4), new([n, Classes], 0, 1)], x => x[0].CrossEntropy(x[1])),
        Loss(
            "CrossEntropySoftWeighted",
            n => [new([2, Classes, n], -4, 4), new([2, Classes, n], 0, 1), OpInput.Constant([Classes], 0.5, 2)],
            x => x[0].CrossEntropy(x[1], x[2], labelSmoothing: 0.2, reduction: Reduction.None)),
        Loss("NllLoss", n => [new([n, Classes], -4, 0), OpInput.Index([n], Classes)], x => x[0].NllLoss(x[1])),
        Loss(
            "NllLossWeighted",
            n => [new([n, Classes], -4, 0), OpInput.Index([n], Classes), OpInput.Constant([Classes], 0.5, 2)],
            x => x[0].NllLoss(x[1], x[2])),
        Loss("CrossEntropyFromProbabilities", n => [new([n, Classes], 0.1, 0.9), OpInput.Index([n], Classes)], x => x[0].CrossEntropyFromProbabilities(x[1])),
        Loss("KlDiv", n => [new([n, 3], -4, 0), OpInput.Constant([n, 3], 0.1, 0.9)], x => x[0].KlDiv(x[1], Reduction.BatchMean)),
        Loss("KlDivLogTarget", n => [new([n, 3], -4, 0), new([n, 3], -4, 0)], x => x[0].KlDiv(x[1], logTarget: true)),
        Loss("MseLoss", n => [new([n]), new([n])], x => x[0].MseLoss(x[1])),
        Loss("MseLossEach", n => [new([n]), new([n])], x => x[0].MseLoss(x[1], Reduction.None)),
        Loss("L1Loss", n => [new([n]), new([n])], x => x[0].L1Loss(x[1])),
        Loss("SmoothL1Loss", n => [new([n]), new([n])], x => x[0].SmoothL1Loss(x[1], 0.7)),
        Loss("HuberLoss", n => [new([n]), new([n])], x => x[0].HuberLoss(x[1], 0.7)),
        Loss("BceWithLogits", n => [new([n], -5, 5), new([n], 0, 1)], x => x[0].BceWithLogits(x[1])),
        Loss("BceLoss", n => [new([n], 0.05, 0.95), OpInput.Constant([n], 0, 1)], x => x[0].BceLoss(x[1])),
    ];

    private static OpCase Loss(string name, Func<int, OpInput[]> inputs, Func<Tensor[], Tensor> run) =>
        new(name, inputs, run) { Sizes = [1, 3, 16, 17, 33, 129], Tolerance = 2e-5 };
}
