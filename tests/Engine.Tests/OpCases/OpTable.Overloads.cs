using Engine.Nn;

namespace Engine.Tests.OpCases;

internal static partial class OpTable
{
    private static readonly MapProgram s_lerp = MapProgram.Compile(2, Expr.Input(0) + (Expr.Parameter(0) * (Expr.Input(1) - Expr.Input(0))));

    /// <summary>Other forms of operations that have rows elsewhere, writes in place, and gradients as values.</summary>
    private static IEnumerable<OpCase> Overloads() =>
    [
        .. Comparisons(), .. InPlace(), .. OneAxis(), .. WholeNumbers(),
        On("ScalarAdded", -2, 2, x => x + 1.5),
        On("ScalarTimes", -2, 2, x => -3 * x),
        Pair("AddRelu", (-2, 2), (-2, 2), (a, b) => a.AddRelu(b)),
        On("ToItsDevice", -2, 2, x => x.To(x.Device)),
        On("Detach", -2, 2, x => x.Detach()).NotDifferentiable(),
        View("Alias", n => [new([2, n])], x => x.Alias()),
        Pair("PointwiseApply", (-2, 2), (-2, 2), (a, b) => Pointwise.Apply("Lerp", s_lerp, [a, b], [0.25])),
        On("ZerosLike", -2, 2, x => x.ZerosLike()).NotDifferentiable(),
        On("OnesLike", -2, 2, x => x.OnesLike()).NotDifferentiable(),
        View("SqueezeAll", n => [new([1, n, 1, 3])], x => x.Squeeze()),
        View("ReshapeToAShape", n => [new([3, n, 2])], x => x.Reshape(new Shape(2, 3 * x.Shape[1]))),
        new("StdOverAxes", n => [new([2, n + 2, 3])], x => x[0].Std([0, -1])) { NeedsSpread = true, Sizes = IndexSizes },
        new("AutogradGrad", n => [new([n])], x => SlopeOfExp(x[0])) { Sizes = [1, 3, 17], Differentiable = false, TwiceDifferentiable = false },
        new("AutogradGrads", n => [new([2, n])], x => SlopeOfSin(x[0])) { Sizes = [1, 3, 17], Differentiable = false, TwiceDifferentiable = false },
        new OpCase("GlobalNorm", n => [new([n]), new([3, n])], x => Tensor.GlobalNorm(x)) { Sizes = IndexSizes, Tolerance = 5e-5 }.NotDifferentiable(),
        new OpCase("GradNorm", n => [new([n]), new([3, n])], x => WithGradients(x).GradNorm(3)) { Sizes = IndexSizes, Tolerance = 5e-5 }.NotDifferentiable(),
        new OpCase("ClipGradNorm", n => [new([n]), new([3, n])], x => Clipped(WithGradients(x))) { Sizes = IndexSizes, Tolerance = 5e-5 }.NotDifferentiable(),
        new("CustomFunction", n => [new([3, n])], x => new Cubed().Apply(x[0])),
    ];

    private static OpCase[] Comparisons() =>
    [
        Pair("LessThan", (-2, 2), (-2, 2), (a, b) => a.LessThan(b)).NotDifferentiable(),
        Pair("GreaterThan", (-2, 2), (-2, 2), (a, b) => a.GreaterThan(b)).NotDifferentiable(),
        Pair("LessOrEqualNamed", (-2, 2), (-2, 2), (a, b) => a.LessOrEqual(b)).NotDifferentiable(),
        Pair("GreaterOrEqualNamed", (-2, 2), (-2, 2), (a, b) => a.GreaterOrEqual(b)).NotDifferentiable(),
        Pair("GreaterOrEqual", (-2, 2), (-2, 2), (a, b) => a.Floor() >= b.Floor()).NotDifferentiable(),
        On("LessScalar", -2, 2, x => x < 0.5).NotDifferentiable(),
        On("GreaterOrEqualScalar", -2, 2, x => x >= 0.5).NotDifferentiable(),
        On("EqualToScalar", -2, 2, x => x.EqualTo(0.5)).NotDifferentiable(),
        On("NotEqualToScalar", -2, 2, x => x.NotEqualTo(0.5)).NotDifferentiable(),
    ];

    // On a copy: a row must not change its operands.
    private static OpCase[] InPlace() =>
    [
        Pair("AddInPlace", (-2, 2), (-2, 2), (a, b) => a.Clone().AddInPlace(b)).NotDifferentiable(),
        Pair("AddScaledInPlace", (-2, 2), (-2, 2), (a, b) => a.Clone().AddInPlace(b, 0.5)).NotDifferentiable(),
        Pair("SubInPlace", (-2, 2), (-2, 2), (a, b) => a.Clone().SubInPlace(b)).NotDifferentiable(),
        Pair("MulInPlace", (-2, 2), (-2, 2), (a, b) => a.Clone().MulInPlace(b)).NotDifferentiable(),
        Pair("DivInPlace", (-2, 2), (0.5, 2), (a, b) => a.Clone().DivInPlace(b)).NotDifferentiable(),
        Pair("BlendInPlace", (-2, 2), (-2, 2), (a, b) => a.Clone().BlendInPlace(0.75, 0.25, b)).NotDifferentiable(),
        On("AddScalarInPlace", -2, 2, x => x.Clone().AddInPlace(1.5)).NotDifferentiable(),
        On("MulScalarInPlace", -2, 2, x => x.Clone().MulInPlace(-3)).NotDifferentiable(),
        On("ClampInPlace", -2, 2, x => x.Clone().ClampInPlace(-0.5, 0.7)).NotDifferentiable(),
        On("FillInPlace", -2, 2, x => x.Clone().FillInPlace(2.5)).NotDifferentiable(),
        On("ZeroInPlace", -2, 2, x => x.Clone().ZeroInPlace()).NotDifferentiable(),
    ];

    private static OpCase[] OneAxis() =>
    [
        Along("Sum", x => x.Sum(1)),
        Along("Mean", x => x.Mean(1)),
        Along("Var", x => x.Var(1, 0)),
        Along("Max", x => x.Max(1)) with { NeedsDistinct = true },
        Along("Min", x => x.Min(1)) with { NeedsDistinct = true },
        Along("LogSumExp", x => x.LogSumExp(1)),
        new("ProdOneAxis", n => [new([3, n], 0.8, 1.25)], x => x[0].Prod(1)) { Sizes = [1, 3, 17, 33], Tolerance = 5e-5 },
    ];

    // Whole numbers have forms of their own, which are exact over all of int64.
    private static OpCase[] WholeNumbers() =>
    [
        On("WholeAdded", -2, 2, x => x + 3L),
        On("AddedToWhole", -2, 2, x => 3L + x),
        On("WholeSubtracted", -2, 2, x => x - 3L),
        On("SubtractedFromWhole", -2, 2, x => 3L - x),
        On("TimesWhole", -2, 2, x => x * 3L),
        On("WholeTimes", -2, 2, x => 3L * x),
        On("TimesScalar", -2, 2, x => x * 1.5),
        On("ScalarTimesFraction", -2, 2, x => -1.5 * x),
        On("AddedToScalar", -2, 2, x => 1.5 + x),
        On("ScalarSubtracted", -2, 2, x => x - 1.5),
        On("SubtractedFromScalar", -2, 2, x => 1.5 - x),
        On("ModWhole", 0.1, 0.9, x => x % 2L),
        On("ModFraction", 0.1, 0.9, x => x % 1.5),
        On("LessThanWhole", -2, 2, x => x < 1L).NotDifferentiable(),
        On("GreaterThanWhole", -2, 2, x => x > 1L).NotDifferentiable(),
        On("GreaterThanFraction", -2, 2, x => x > 0.5).NotDifferentiable(),
        On("LessOrEqualWhole", -2, 2, x => x <= 1L).NotDifferentiable(),
        On("LessOrEqualFraction", -2, 2, x => x <= 0.5).NotDifferentiable(),
        On("GreaterOrEqualWhole", -2, 2, x => x >= 1L).NotDifferentiable(),
        On("EqualToWhole", -2, 2, x => x.Round().EqualTo(1L)).NotDifferentiable(),
        On("NotEqualToWhole", -2, 2, x => x.Round().NotEqualTo(1L)).NotDifferentiable(),
        On("ClampWhole", -2.5, 2.5, x => x.Clamp(-1L, 1L)) with { NeedsDistinct = true },
        On("MaskedFillWhole", -2, 2, x => x.MaskedFill(x > 0.5, 7L)),
        On("MaskedFillFraction", -2, 2, x => x.MaskedFill(x > 0.5, 0.25)),
        On("AddWholeInPlace", -2, 2, x => x.Clone().AddInPlace(3L)).NotDifferentiable(),
        On("MulWholeInPlace", -2, 2, x => x.Clone().MulInPlace(3L)).NotDifferentiable(),
        On("MulFractionInPlace", -2, 2, x => x.Clone().MulInPlace(-1.5)).NotDifferentiable(),
        On("FillWholeInPlace", -2, 2, x => x.Clone().FillInPlace(3L)).NotDifferentiable(),
        On("ClampWholeInPlace", -2, 2, x => x.Clone().ClampInPlace(-1L, 1L)).NotDifferentiable(),
        Along("Norm", x => x.Norm(1)),
        new("StdOneAxis", n => [new([3, n + 2])], x => x[0].Std(1, 0)) { NeedsSpread = true, Sizes = IndexSizes, Tolerance = 5e-5 },
    ];

    private static OpCase Along(string name, Func<Tensor, Tensor> run) => new(name + "OneAxis", n => [new([3, n])], x => run(x[0])) { Sizes = [1, 3, 17, 129], Tolerance = 5e-5 };

    // Gradients are their results, so that they are on even where a test compares without.
    private static Tensor SlopeOfExp(Tensor x)
    {
        using GradMode.Scope on = GradMode.On();
        Tensor leaf = x.Detach().WithGrad();
        return Autograd.Grad(leaf.Exp().Sum(), leaf);
    }

    private static Tensor SlopeOfSin(Tensor x)
    {
        using GradMode.Scope on = GradMode.On();
        Tensor leaf = x.Detach().WithGrad();
        return Autograd.Grad([leaf.Sin()], [leaf], [leaf.OnesLike()])[0]!;
    }

    private static Tensor[] WithGradients(Tensor[] gradients) => Array.ConvertAll(gradients, static g =>
    {
        Tensor parameter = g.ZerosLike().WithGrad();
        parameter.SetGrad(g.Clone());
        return parameter;
    });

    /// <summary>What clipping leaves of the second gradient, with the norm before in front.</summary>
    private static Tensor Clipped(Tensor[] parameters)
    {
        Tensor norm = parameters.ClipGradNorm(1);
        return Tensor.Concat([norm.Reshape(1).To(parameters[1].DType), parameters[1].Grad!.Flatten()]);
    }

    private sealed class Cubed : CustomFunction
    {
        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs)
        {
            Save(inputs[0]);
            return inputs[0] * inputs[0] * inputs[0];
        }

        protected override Tensor?[] Backward(Tensor dy) => [dy * Saved(0).Square() * 3];
    }
}
