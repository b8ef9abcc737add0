namespace Engine.Tests.Golden;

internal static partial class GoldenOps
{
    private static Dictionary<string, GoldenOp> Reductions() => new()
    {
        ["sum"] = One(c => c["x"].Sum(Axes(c), KeepDims(c))),
        ["mean"] = One(c => c["x"].Mean(Axes(c), KeepDims(c))),
        ["var"] = One(c => c["x"].Var(Axes(c), c.Case.Int("ddof"), KeepDims(c))),
        ["max"] = One(c => c["x"].Max(Axes(c), KeepDims(c))),
        ["min"] = One(c => c["x"].Min(Axes(c), KeepDims(c))),
        ["prod"] = One(c => c["x"].Prod(Axes(c), KeepDims(c))),
        ["logsumexp"] = One(c => c["x"].LogSumExp(Axes(c), KeepDims(c))),
        ["argmax"] = One(c => c["x"].ArgMax(c.Case.Int("axis"))),
        ["cumsum"] = One(c => c["x"].CumSum(c.Case.Int("axis"))),
        ["softmax"] = One(c => c["x"].Softmax(c.Case.Int("axis"))),
        ["log_softmax"] = One(c => c["x"].LogSoftmax(c.Case.Int("axis"))),
    };

    private static int[] Axes(GoldenInputs c) => c.Case.Ints("axes");

    private static bool KeepDims(GoldenInputs c) => c.Case.Bool("keepdims");
}
