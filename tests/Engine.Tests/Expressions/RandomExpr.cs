using FsCheck;
using FsCheck.Fluent;

namespace Engine.Tests;

/// <summary>Random formulas over three inputs and two parameters, for properties that must hold for all of them.</summary>
internal static class RandomExpr
{
    internal const int Inputs = 3;
    internal const int Parameters = 2;

    private static readonly double[] s_constants = [0, -0.0, 1, -1, 2, 0.5, 3, -0.25, 1e3, double.PositiveInfinity, double.NaN];

    /// <summary>Formulas of the given operations, shrinking towards their arguments.</summary>
    internal static Arbitrary<Expr> Of(ScalarOp[] operations, double[]? constants = null) =>
        Arb.From(Gen.Sized(size => Node(operations, constants ?? s_constants, Math.Min(size / 8 + 1, 6))), Arguments);

    /// <summary>Numbers to evaluate at, special ones among them.</summary>
    internal static Gen<double[]> SpecialPoint(int length) =>
        Gen.OneOf(Gen.Elements(s_constants), Gen.Choose(-4000, 4000).Select(n => n / 1000.0)).ArrayOf(length);

    private static Gen<Expr> Node(ScalarOp[] operations, double[] constants, int depth)
    {
        Gen<Expr> leaf = Gen.OneOf(
            Gen.Choose(0, Inputs - 1).Select(Expr.Input),
            Gen.Choose(0, Parameters - 1).Select(Expr.Parameter),
            Gen.Elements(constants).Select(Expr.Constant));
        if (depth == 0)
        {
            return leaf;
        }
        Gen<Expr> child = Node(operations, constants, depth - 1);
        // Sharing one argument twice makes graphs rather than trees, and meets the rules for equal arguments.
        Gen<Expr> node = Gen.Elements(operations).SelectMany(op => child.ArrayOf(3).SelectMany(arguments => Gen.Choose(0, 3).Select(share =>
        {
            if (share == 0)
            {
                arguments[1] = arguments[0];
            }
            return Expr.Apply(op.Opcode, arguments.AsSpan(0, op.Arity));
        })));
        return Gen.Frequency((1, leaf), (4, node));
    }

    private static IEnumerable<Expr> Arguments(Expr node) => Enumerable.Range(0, node.Arity).Select(i => node[i]);
}
