namespace Engine.Tests.OpCases;

internal static partial class OpTable
{
    private static readonly FusedMap s_fusedThree = Fuse.Map((x, y, z) => Expr.Tanh(x) * y + Expr.Relu(z - x));

    private static IEnumerable<OpCase> Binary() =>
    [
        .. Pairs("Add", (-2, 2), (-2, 2), (a, b) => a + b),
        .. Pairs("Sub", (-2, 2), (-2, 2), (a, b) => a - b),
        .. Pairs("Mul", (-2, 2), (-2, 2), (a, b) => a * b),
        .. Pairs("Div", (-2, 2), (0.5, 3), (a, b) => a / b),
        .. Pairs("Pow", (0.3, 3), (-2, 2), (a, b) => a.Pow(b)),
        .. Pairs("Maximum", (-2, 2), (-2, 2), Tensor.Maximum),
        .. Pairs("Minimum", (-2, 2), (-2, 2), Tensor.Minimum),
        Pair("Mod", (-4, 4), (0.5, 2), (a, b) => a % b),
        Pair("FloorDiv", (-4, 4), (0.5, 2), (a, b) => a.FloorDiv(b)).NotDifferentiable(),
        Pair("Less", (-2, 2), (-2, 2), (a, b) => a < b).NotDifferentiable(),
        Pair("LessOrEqual", (-2, 2), (-2, 2), (a, b) => a.Floor() <= b.Floor()).NotDifferentiable(),
        Pair("Greater", (-2, 2), (-2, 2), (a, b) => a > b).NotDifferentiable(),
        Pair("EqualTo", (-2, 2), (-2, 2), (a, b) => a.Floor().EqualTo(b.Floor())).NotDifferentiable(),
        Pair("NotEqualTo", (-2, 2), (-2, 2), (a, b) => a.Floor().NotEqualTo(b.Floor())).NotDifferentiable(),
        Pair("And", (-1, 1), (-1, 1), (a, b) => (a > 0).And(b > 0)).NotDifferentiable(),
        Pair("Or", (-1, 1), (-1, 1), (a, b) => (a > 0).Or(b > 0)).NotDifferentiable(),
        new("Where", n => [OpInput.Truth([3, n]), new([3, n]), new([n])], x => Tensor.Where(x[0], x[1], x[2])),
        new("WhereColumn", n => [OpInput.Truth([3, 1]), new([1, n]), new([3, n])], x => Tensor.Where(x[0], x[1], x[2])),
        new("MaskedFill", n => [OpInput.Truth([n]), new([3, n])], x => x[1].MaskedFill(x[0], -7)),
        new("FusedThree", n => [new([3, n]), new([n]), new([3, 1])], x => s_fusedThree.Apply(x)),
        new("PRelu", n => [new([3, n]), new([1])], x => x[0].PRelu(x[1])),
        new("PReluChannels", n => [new([2, 3, n]), new([3])], x => x[0].PRelu(x[1])),
        new("Glu", n => [new([3, 2 * n])], x => x[0].Glu()),
        new("GluFirstAxis", n => [new([4, n])], x => x[0].Glu(0)),
        new("SameTwice", n => [new([n])], x => x[0] * x[0]),
        new("SelfDivided", n => [new([n], 0.5, 2)], x => x[0] / (x[0] * x[0])),
        new("Diamond", n => [new([n])], x => (x[0].Sin() * x[0].Cos()) + (x[0].Sin() - x[0])),
        new("UsedThreeTimes", n => [new([n])], x => (x[0] * x[0] * x[0]) + x[0]),
        new("RowTimesColumn", n => [new([n, 1]), new([1, n])], x => x[0] * x[1]) { Sizes = [0, 1, 3, 17, 33] },
        new("TransposedPlusItself", n => [new([n, n])], x => x[0] + x[0].T) { Sizes = [0, 1, 3, 17, 33] },
    ];

    private static OpCase Pair(string name, (double Low, double High) a, (double Low, double High) b, Func<Tensor, Tensor, Tensor> run) =>
        new(name, n => [new([n], a.Low, a.High), new([n], b.Low, b.High)], x => run(x[0], x[1]));

    /// <summary>Equal shapes, either operand stretched, and a scalar.</summary>
    private static OpCase[] Pairs(string name, (double Low, double High) a, (double Low, double High) b, Func<Tensor, Tensor, Tensor> run) =>
    [
        Pair(name, a, b, run),
        new(name + "Row", n => [new([3, n], a.Low, a.High), new([n], b.Low, b.High)], x => run(x[0], x[1])),
        new(name + "Both", n => [new([2, 1, n], a.Low, a.High), new([3, 1], b.Low, b.High)], x => run(x[0], x[1])),
        new(name + "ByScalar", n => [new([], a.Low, a.High), new([n], b.Low, b.High)], x => run(x[0], x[1])),
    ];
}
