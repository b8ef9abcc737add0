using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Each operation of the table on ordinary and special values, in each compute type that it has.</summary>
[TestFixtureSource(typeof(KernelDevices), nameof(KernelDevices.WithAndWithoutMath))]
internal sealed class MapOperationTests(string name)
{
    private static readonly double[] s_special =
        [0, -0.0, 1, -1, 2, -2, 0.5, -0.5, 1.5, 2.5, -2.5, 3, -3, 7, 0.1, -0.1, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e5, -1e5, 100];

    private static readonly double[] s_integers = [0, 1, -1, 2, -2, 3, -3, 7, -7, 10, 100, int.MinValue, int.MaxValue, 12345, -12345];

    // Composed operations are programs of the others; SpecialFunctionTests runs them on every device.
    private static IEnumerable<ScalarOp> Operations => ScalarOp.All.ToArray().Where(op => !op.IsLeaf && !op.IsComposed);

    [TestCaseSource(nameof(Operations))]
    public void Operation_EveryComputeType_MatchesReference(ScalarOp op)
    {
        foreach (DType compute in (DType[])[DType.Float32, DType.Float64, DType.Int32, DType.Int64])
        {
            if (compute == DType.Float64 && !KernelDevices.Get(name).HasFloat64)
            {
                continue;
            }

            if (compute.IsFloatingPoint() ? !op.IsIntegerOnly : op.IntegerReference is not null)
            {
                Run(op, compute);
            }
        }
    }

    private void Run(ScalarOp op, DType compute)
    {
        using TensorScope scope = TensorScope.Begin();
        Device device = KernelDevices.Get(name);
        double[] values = compute.IsFloatingPoint() ? s_special : s_integers;
        int count = op.Arity switch { 1 => values.Length, 2 => values.Length * values.Length, _ => 1000 };
        Random random = new(1);
        var inputs = new Tensor[op.Arity];
        for (int k = 0; k < inputs.Length; k++)
        {
            // The domain's interior, then all combinations of special values.
            double[] x = new double[count + 40];
            for (int i = 0; i < x.Length; i++)
            {
                x[i] = i >= count ? op.Domain.Low + ((op.Domain.High - op.Domain.Low) * random.NextDouble())
                    : op.Arity == 3 ? values[random.Next(values.Length)]
                    : k == 0 ? values[i % values.Length] : values[i / values.Length];
            }

            inputs[k] = Tensor.From<double>(x, [x.Length], Compare.Reference).To(compute);
        }

        // Not simplified, so that it is this operation that runs.
        Expr formula = new(op.Opcode, Expr.Input(0), op.Arity > 1 ? Expr.Input(1) : null, op.Arity > 2 ? Expr.Input(2) : null);
        MapProgram program = MapProgram.Linearize([formula], op.Arity);
        Tensor expected = Tensor.Empty(inputs[0].Shape, compute, Compare.Reference), actual = Tensor.Empty(inputs[0].Shape, compute, device);
        Pointwise.Run(program, compute, expected.Shape, inputs, [expected], []);
        Pointwise.Run(program, compute, actual.Shape, [.. inputs.Select(x => x.To(device))], [actual], []);
        Compare.AssertClose(actual, expected, Compare.Bound(compute) * (compute == DType.Float64 ? 10 : 1), $"{op} in {compute.ShortName()}");
    }
}
