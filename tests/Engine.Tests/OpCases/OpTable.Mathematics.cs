namespace Engine.Tests.OpCases;

internal static partial class OpTable
{
    private static readonly FusedMap s_fusedFour = Fuse.Map(4, static x => (x[0] * x[1]) + Expr.Sin(x[2] - x[3]));

    private static readonly FusedMaps s_fusedResults = Fuse.Map(static (x, y) => [x * Expr.Sin(y), Expr.Exp(x) - y, y]);

    /// <summary>
    /// Operations that have programs of their own, at a few sizes. Those that only call others, with rows of their own, are in TensorMathematicsTests.
    /// </summary>
    private static IEnumerable<OpCase> Mathematics() =>
    [
        Composed("CumProd", n => [new([2, n], 0.8, 1.25)], x => x[0].CumProd(1)),
        Composed("LogCumSumExp", n => [new([n, 2])], x => x[0].LogCumSumExp(0)),
        Composed("CumMax", n => [new([2, n])], x => x[0].CumMax(1).Values) with { NeedsDistinct = true },
        Composed("Median", n => [new([3, n])], x => x[0].Median(1).Values) with { NeedsDistinct = true },
        Composed("Quantile", n => [new([3, n])], x => x[0].Quantile(0.3, 1)) with { NeedsDistinct = true },
        Composed("Quantiles", n => [new([n, 3])], x => x[0].Quantile([0.1, 0.6], 0, keepDims: true)) with { NeedsDistinct = true },
        Composed("NanQuantile", n => [new([3, n])], x => x[0].NanQuantile(0.3, 1)) with { NeedsDistinct = true },
        Composed("AnyAxis", n => [new([3, n], -0.4, 1.01)], x => x[0].Floor().Relu().Any(1)).NotDifferentiable(),
        Composed("AllAxis", n => [new([3, n], 0.5, 2)], x => x[0].Floor().All(0, keepDims: true)).NotDifferentiable(),
        Composed("AnyAxes", n => [new([3, n, 2], -0.4, 1.01)], x => x[0].Floor().Relu().Any([0, 2])).NotDifferentiable(),
        Composed("AllAxes", n => [new([3, n, 2], 0.5, 2)], x => x[0].Floor().All([0, 1], keepDims: true)).NotDifferentiable(),
        Composed("VectorNorm", n => [new([3, n], 0.5, 2)], x => x[0].VectorNorm(3, [1])) with { Tolerance = 1e-4 },
        Composed("ClampTensors", n => [new([n]), new([n], -1, -0.5), new([1], 0.5, 1)], x => x[0].Clamp(x[1], x[2])),
        Composed("FusedFour", n => [new([3, n]), new([n]), new([3, 1]), new([1])], x => s_fusedFour.Apply(x)),
        Composed("FusedResults", n => [new([3, n]), new([n])], x => Tensor.Concat(s_fusedResults.Apply(x[0], x[1]), 0)),
        Composed("TensorDotAxes", n => [new([2, n]), new([3, n])], x => x[0].TensorDot(x[1], [1], [1])) with { Tolerance = 5e-5 },
        Composed("Cdist", n => [new([3, n], 0, 1), new([2, n], 2, 3)], x => x[0].Cdist(x[1])) with { Tolerance = 1e-4 },
        Composed("EinsumOtherAxes", n => [new([2, 1, n]), new([3, n])], x => Tensor.Einsum("...i,...i->...", x)) with { Tolerance = 5e-5 },
        Composed("Fft", n => [new([2, n, 2])], x => x[0].Fft()) with { Tolerance = 1e-4 },
        Composed("Stft", n => [new([2, n + 6]), new([4])], x => x[0].Stft(4, 2, window: x[1])) with { Tolerance = 1e-4 },
        Composed("Istft", n => [new([2, 3, n + 1, 2]), new([4], 0.5, 1.5)], x => x[0].Istft(4, 3, window: x[1])) with { Tolerance = 1e-4 },
    ];

    private static OpCase Composed(string name, Func<int, OpInput[]> inputs, Func<Tensor[], Tensor> run) => new(name, inputs, run) { Sizes = [1, 5] };
}
