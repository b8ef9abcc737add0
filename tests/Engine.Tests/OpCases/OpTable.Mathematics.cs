namespace Engine.Tests.OpCases;

internal static partial class OpTable
{
    private static readonly FusedMap s_fusedFour = Fuse.Map(4, static x => (x[0] * x[1]) + Expr.Sin(x[2] - x[3]));

    /// <summary>Made of other operations: a few sizes tell whether each device agrees.</summary>
    private static IEnumerable<OpCase> Mathematics() =>
    [
        Few("CumProd", n => [new([2, n], 0.8, 1.25)], x => x[0].CumProd(1)),
        Few("LogCumSumExp", n => [new([n, 2])], x => x[0].LogCumSumExp(0)),
        Few("CumMax", n => [new([2, n])], x => x[0].CumMax(1).Values) with { NeedsDistinct = true },
        Few("CumMin", n => [new([n, 2])], x => x[0].CumMin(0).Values) with { NeedsDistinct = true },
        Few("CumMaxPlaces", n => [new([2, n])], x => x[0].CumMax(1).Indices).NotDifferentiable() with { NeedsDistinct = true },
        Few("Diff", n => [new([3, n + 1]), new([3, 1])], x => x[0].Diff(2, 1, x[1])),
        Few("MedianAll", n => [new([2, n])], x => x[0].Median()) with { NeedsDistinct = true },
        Few("Median", n => [new([3, n])], x => x[0].Median(1).Values) with { NeedsDistinct = true },
        Few("NanMedianAll", n => [new([2, n])], x => x[0].NanMedian()) with { NeedsDistinct = true },
        Few("NanMedian", n => [new([n, 3])], x => x[0].NanMedian(0, keepDims: true).Values) with { NeedsDistinct = true },
        Few("Quantile", n => [new([3, n])], x => x[0].Quantile(0.3, 1)) with { NeedsDistinct = true },
        Few("Quantiles", n => [new([n, 3])], x => x[0].Quantile([0.1, 0.6], 0, keepDims: true)) with { NeedsDistinct = true },
        Few("NanQuantile", n => [new([3, n])], x => x[0].NanQuantile(0.3, 1)) with { NeedsDistinct = true },
        Few("NanQuantiles", n => [new([3, n])], x => x[0].NanQuantile([0.2, 0.7])) with { NeedsDistinct = true },
        Few("CountNonZero", n => [new([3, n], -1, 2)], x => x[0].Floor().CountNonZero([1])).NotDifferentiable(),
        Few("NanSum", n => [new([3, n])], x => x[0].NanSum([1])),
        Few("NanMean", n => [new([3, n])], x => x[0].NanMean([0], keepDims: true)),
        Few("VarMean", n => [new([3, n])], x => Sum(x[0].VarMean([1], 0))),
        Few("StdMean", n => [new([4, n])], x => Sum(x[0].StdMean([0]))) with { NeedsSpread = true },
        Few("Aminmax", n => [new([3, n])], x => Sum(x[0].Aminmax([1]))) with { NeedsDistinct = true },
        Few("AnyAxis", n => [new([3, n], -0.4, 1.01)], x => x[0].Floor().Relu().Any(1)).NotDifferentiable(),
        Few("AllAxis", n => [new([3, n], 0.5, 2)], x => x[0].Floor().All(0, keepDims: true)).NotDifferentiable(),
        Few("AnyAxes", n => [new([3, n, 2], -0.4, 1.01)], x => x[0].Floor().Relu().Any([0, 2])).NotDifferentiable(),
        Few("AllAxes", n => [new([3, n, 2], 0.5, 2)], x => x[0].Floor().All([0, 1], keepDims: true)).NotDifferentiable(),
        Few("VectorNorm", n => [new([3, n], 0.5, 2)], x => x[0].VectorNorm(3, [1])) with { Tolerance = 1e-4 },
        Few("ClampTensors", n => [new([n]), new([n], -1, -0.5), new([1], 0.5, 1)], x => x[0].Clamp(x[1], x[2])),
        Few("FusedFour", n => [new([3, n]), new([n]), new([3, 1]), new([1])], x => s_fusedFour.Apply(x)),
        Few("Outer", n => [new([n]), new([3])], x => x[0].Outer(x[1])),
        Few("Dot", n => [new([n]), new([n])], x => x[0].Dot(x[1])) with { Tolerance = 5e-5 },
        Few("Kron", n => [new([2, n]), new([3])], x => x[0].Kron(x[1])),
        Few("Cross", n => [new([n, 3]), new([1, 3])], x => x[0].Cross(x[1])),
        Few("Trace", n => [new([n, 3])], x => x[0].Trace()),
        Few("TensorDot", n => [new([2, n, 3]), new([n, 3, 2])], x => x[0].TensorDot(x[1])) with { Tolerance = 5e-5 },
        Few("TensorDotAxes", n => [new([2, n]), new([3, n])], x => x[0].TensorDot(x[1], [1], [1])) with { Tolerance = 5e-5 },
        Few("CosineSimilarity", n => [new([3, n], 0.5, 2), new([3, n], 0.5, 2)], x => Tensor.CosineSimilarity(x[0], x[1])) with { Tolerance = 5e-5 },
        Few("Cdist", n => [new([3, n], 0, 1), new([2, n], 2, 3)], x => x[0].Cdist(x[1])) with { Tolerance = 1e-4 },
        Few("EinsumOtherAxes", n => [new([2, 1, n]), new([3, n])], x => Tensor.Einsum("...i,...i->...", x)) with { Tolerance = 5e-5 },
        Few("MeshGrid", n => [new([n]), new([3])], x => Tensor.Stack(Tensor.MeshGrid(x))),
        Few("CartesianProduct", n => [new([n]), new([3])], x => Tensor.CartesianProduct(x)),
        Few("Combinations", n => [new([n])], x => x[0].Combinations(2, withReplacement: true)) with { Sizes = [1, 5] },
        Few("Vander", n => [new([n], 0.5, 1.5)], x => x[0].Vander(3)),
        Few("Fft", n => [new([2, n, 2])], x => x[0].Fft()) with { Sizes = [1, 5, 70], Tolerance = 1e-4 },
        Few("FftOfAPrime", n => [new([n, 2])], x => x[0].Fft()) with { Sizes = [1, 67], Tolerance = 2e-4, GradientSizes = [1] },
        Few("Ifft", n => [new([n, 2, 2])], x => x[0].Ifft(axis: 0)) with { Tolerance = 1e-4 },
        Few("Rfft", n => [new([2, n])], x => x[0].Rfft()) with { Tolerance = 1e-4 },
        Few("Irfft", n => [new([2, n, 2])], x => x[0].Irfft((2 * x[0].Shape[1]) - 1)) with { Tolerance = 1e-4 },
        Few("Fft2", n => [new([3, n, 2])], x => x[0].Fft2()) with { Tolerance = 1e-4 },
        Few("Ifft2", n => [new([3, n, 2])], x => x[0].Ifft2()) with { Tolerance = 1e-4 },
        Few("Rfft2", n => [new([3, n])], x => x[0].Rfft2()) with { Tolerance = 1e-4 },
        Few("Irfft2", n => [new([3, n, 2])], x => x[0].Irfft2((2 * x[0].Shape[1]) - 1)) with { Tolerance = 1e-4 },
        Few("FftShift", n => [new([3, n])], x => x[0].FftShift()),
        Few("IfftShift", n => [new([3, n])], x => x[0].IfftShift(1)),
        Few("ComplexMul", n => [new([n, 2]), new([2])], x => x[0].ComplexMul(x[1])),
        Few("ComplexConj", n => [new([n, 2])], x => x[0].ComplexConj()),
    ];

    private static OpCase Few(string name, Func<int, OpInput[]> inputs, Func<Tensor[], Tensor> run) => new(name, inputs, run) { Sizes = [1, 5] };

    private static Tensor Sum((Tensor First, Tensor Second) pair) => pair.First + pair.Second;
}
