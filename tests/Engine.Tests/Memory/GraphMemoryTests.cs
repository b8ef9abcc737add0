using Engine.Tests.OpCases;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Memory;

/// <summary>
/// What the computation graph has saved goes with the last tensor that needs it, whether or not a backward pass was run: every row of the
/// table of operations, on a device of its own, so that each byte is counted.
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class GraphMemoryTests
{
    private readonly ReferenceDevice _device = new();

    private long InUse => _device.Pool.Report.InUse;

    [TestCaseSource(typeof(OpTable), nameof(OpTable.DifferentiableRows))]
    public void Scope_ForwardOnly_LeavesNothing(OpCase row)
    {
        Tensor[] inputs = Inputs(row);
        Warm(row, inputs);
        long before = InUse;
        for (int i = 0; i < 3; i++)
        {
            using (TensorScope.Begin())
            {
                _ = row.Run(inputs);
            }
            Assert.That(InUse, Is.EqualTo(before), $"call {i}");
        }

        GC.KeepAlive(inputs);
    }

    [TestCaseSource(typeof(OpTable), nameof(OpTable.DifferentiableRows))]
    public void Scope_ForwardAndBackward_LeavesTheGradients(OpCase row)
    {
        Tensor[] inputs = Inputs(row);
        Warm(row, inputs);
        long before = InUse;
        using (TensorScope.Begin())
        {
            Tensor y = row.Run(inputs);
            y.Backward(y.OnesLike());
        }

        ClearGrads(inputs);
        Assert.That(InUse, Is.EqualTo(before));
    }

    [TestCaseSource(typeof(OpTable), nameof(OpTable.TwiceDifferentiableRows))]
    public void Scope_SecondDerivative_LeavesTheGradients(OpCase row)
    {
        Tensor[] inputs = Inputs(row), leaves = [.. inputs.Where(static x => x.RequiresGrad)];
        Warm(row, inputs);
        long before = InUse;
        using (TensorScope.Begin())
        {
            Tensor y = row.Run(inputs);
            Tensor?[] first = Autograd.Grad([y], leaves, [y.OnesLike()], createGraph: true);
            foreach (Tensor? gradient in first)
            {
                if (gradient is { RequiresGrad: true })
                {
                    gradient.Backward(gradient.OnesLike(), retainGraph: true);
                }
            }

            ClearGrads(inputs);
            y.Backward(y.OnesLike(), createGraph: true);
        }

        ClearGrads(inputs);
        Assert.That(InUse, Is.EqualTo(before));
    }

    public static IEnumerable<TestCaseData> SingleOperations =>
    [
        Case("Tanh", static x => x.Tanh()),
        Case("AddStretched", static x => x + x[0]),
        Case("Sum", static x => x.Sum()),
        Case("MeanAxes", static x => x.Mean([0, 2, 3])),
        Case("MaxAxis", static x => x.Max(1)),
        Case("Softmax", static x => x.Softmax(1)),
        Case("Dropout", static x => x.Dropout()),
        Case("MaxPool2d", static x => x.MaxPool2d(2)),
        Case("AvgPool2d", static x => x.AvgPool2d(2)),
        Case("Half", static x => x.To(DType.Float16)),
        Case("LayerNorm", static x => x.LayerNorm(x[0, 0, 0], x[0, 0, 1])),
        Case("BatchNorm", static x => x.BatchNorm(null, null, relu: true)),
        Case("Conv2d", static x => x.Conv2d(x, relu: true)),
    ];

    [TestCaseSource(nameof(SingleOperations))]
    public void Dispose_WithoutAScope_LeavesNothing(Func<Tensor, Tensor> operation)
    {
        Tensor x = Tensor.Rand([2, 2, 4, 4], device: _device).WithGrad();
        long before = InUse;
        operation(x).Dispose();
        Assert.That(InUse, Is.EqualTo(before));
        GC.KeepAlive(x);
    }

    private static TestCaseData Case(string name, Func<Tensor, Tensor> operation) => new TestCaseData(operation).SetArgDisplayNames(name);

    private Tensor[] Inputs(OpCase row) => OpArguments.Make(row, row.GradientSizes.Max(), static _ => LayoutKind.Contiguous, DType.Float32, _device);

    /// <summary>A first call: tables that are kept for each device, such as those of interpolation, stay from then on.</summary>
    private static void Warm(OpCase row, Tensor[] inputs)
    {
        using (TensorScope.Begin())
        {
            Tensor y = row.Run(inputs);
            y.Backward(y.OnesLike(), createGraph: true);
        }

        ClearGrads(inputs);
    }

    private static void ClearGrads(Tensor[] inputs)
    {
        foreach (Tensor input in inputs)
        {
            input.ClearGrad();
        }
    }
}
