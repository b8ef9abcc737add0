using Engine.Tests.Comparison;
using NUnit.Framework;

namespace Engine.Tests.OpCases;

/// <summary>A row's result and the gradients of its operands, on the host.</summary>
internal sealed record OpResult(Shape Shape, DType DType, double[] Output, double[]?[] Gradients)
{
    /// <summary>Runs a row forward and, where it has gradients, backward.</summary>
    /// <param name="row">The row.</param>
    /// <param name="inputs">The operands.</param>
    /// <param name="gradient">Makes the gradient to the result from its shape and type.</param>
    public static OpResult Of(OpCase row, Tensor[] inputs, Func<Tensor, Tensor> gradient)
    {
        Tensor y = row.Run(inputs);
        Assert.That(y.Device, Is.SameAs(inputs[0].Device), "the device of the result");
        double[] output = y.ToArray<double>();
        if (!row.Differentiable)
        {
            return new OpResult(y.Shape, y.DType, output, []);
        }
        y.Backward(gradient(y));
        return new OpResult(y.Shape, y.DType, output, Array.ConvertAll(inputs, Gradient));
    }

    /// <summary>Asserts that both are equal within the row's bound.</summary>
    public static void AssertEqual(string what, OpCase row, DType dtype, OpResult expected, OpResult actual)
    {
        double bound = dtype == DType.Float64 ? 1e-12 : row.Tolerance;
        Assert.That((actual.Shape, actual.DType), Is.EqualTo((expected.Shape, expected.DType)), what);
        Close.AssertAll(what, expected.Output, actual.Output, bound, bound * Scale(expected.Output));
        for (int i = 0; i < expected.Gradients.Length; i++)
        {
            if (expected.Gradients[i] is { } gradient)
            {
                Assert.That(actual.Gradients[i], Is.Not.Null, $"{what}: the gradient to operand {i}");
                Close.AssertAll($"{what}: the gradient to operand {i}", gradient, actual.Gradients[i], bound, bound * Scale(gradient));
            }
        }
    }

    private static double[]? Gradient(Tensor input)
    {
        if (!input.RequiresGrad)
        {
            return null;
        }
        Assert.That(input.Grad, Is.Not.Null, "the gradient");
        Assert.That((input.Grad!.Shape, input.Grad.DType), Is.EqualTo((input.Shape, input.DType)), "shape and type of the gradient");
        return input.Grad.ToArray<double>();
    }

    // Sums lose digits relative to their terms, not to their result.
    private static double Scale(double[] values) => Math.Max(1, values.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max());
}
