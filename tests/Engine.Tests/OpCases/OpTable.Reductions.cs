namespace Engine.Tests.OpCases;

internal static partial class OpTable
{
    private static IEnumerable<OpCase> Reductions() =>
    [
        .. Over("Sum", -2, 2, (x, axes, keep) => x.Sum(axes, keep)),
        .. Over("Mean", -2, 2, (x, axes, keep) => x.Mean(axes, keep)).Select(row => row with { Sizes = [.. row.Sizes.Where(n => n > 0)] }),
        .. Over("Var", -2, 2, (x, axes, keep) => x.Var(axes, 0, keep)).Select(row => row with { Sizes = [.. row.Sizes.Where(n => n > 0)] }),
        .. Over("Max", -2, 2, (x, axes, keep) => x.Max(axes, keep)).Select(Extreme),
        .. Over("Min", -2, 2, (x, axes, keep) => x.Min(axes, keep)).Select(Extreme),
        .. Over("LogSumExp", -3, 3, (x, axes, keep) => x.LogSumExp(axes, keep)).Select(row => row with { Sizes = [.. row.Sizes.Where(n => n > 0)] }),
        .. Over("Prod", 0.8, 1.25, (x, axes, keep) => x.Prod(axes, keep)).Select(row => row with { Sizes = [.. row.Sizes.Where(n => n <= 33)] }),
        new("VarUnbiased", n => [new([4, n])], x => x[0].Var(0)),
        new("Std", n => [new([4, n])], x => x[0].Std(0)) { NeedsSpread = true },
        new("Norm", n => [new([n], 0.5, 2)], x => x[0].Norm()) { Tolerance = 1e-4 },
        new("ArgMax", n => [new([3, n])], x => x[0].ArgMax(1)) { Differentiable = false, TwiceDifferentiable = false, Sizes = [1, 3, 17, 129, 1025] },
        new("ArgMinColumns", n => [new([n, 3])], x => x[0].ArgMin(0)) { Differentiable = false, TwiceDifferentiable = false, Sizes = [1, 3, 17, 129, 1025] },
        new("ArgMaxAll", n => [new([2, n])], x => x[0].ArgMax()) { Differentiable = false, TwiceDifferentiable = false, Sizes = [1, 3, 17, 129, 1025] },
        new OpCase("Any", n => [new([3, n], -0.4, 1.01)], x => x[0].Floor().Relu().Any()).NotDifferentiable(),
        new OpCase("All", n => [new([3, n], 0.5, 2)], x => x[0].Floor().All()).NotDifferentiable(),
        new("CumSumRow", n => [new([3, n])], x => x[0].CumSum(1)) { Tolerance = 5e-5 },
        new("CumSumColumn", n => [new([n, 3])], x => x[0].CumSum(0)) { Tolerance = 5e-5 },
        new("SoftmaxRow", n => [new([3, n], -5, 5)], x => x[0].Softmax()),
        new("SoftmaxColumn", n => [new([n, 3], -5, 5)], x => x[0].Softmax(0)),
        new("SoftmaxMiddle", n => [new([2, n, 3], -5, 5)], x => x[0].Softmax(1)),
        new("LogSoftmaxRow", n => [new([3, n], -5, 5)], x => x[0].LogSoftmax()),
        new("LogSoftmaxMiddle", n => [new([2, n, 3], -5, 5)], x => x[0].LogSoftmax(1)),
    ];

    private static OpCase Extreme(OpCase row) => row with { NeedsDistinct = true, Sizes = [.. row.Sizes.Where(n => n > 0)] };

    private static OpCase[] Over(string name, double low, double high, Func<Tensor, int[], bool, Tensor> run) =>
    [
        new(name + "All", n => [new([n], low, high)], x => run(x[0], [], false)) { Tolerance = 5e-5 },
        new(name + "Row", n => [new([3, n], low, high)], x => run(x[0], [1], true)) { Tolerance = 5e-5 },
        new(name + "Column", n => [new([n, 3], low, high)], x => run(x[0], [0], false)) { Tolerance = 5e-5 },
        new(name + "Ends", n => [new([3, n, 2], low, high)], x => run(x[0], [0, -1], false)) { Tolerance = 5e-5 },
        new(name + "Middle", n => [new([2, 3, n], low, high)], x => run(x[0], [1], false)) { Tolerance = 5e-5 },
    ];
}
