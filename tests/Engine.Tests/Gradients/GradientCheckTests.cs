using Engine.Tests.Devices;
using Engine.Tests.OpCases;
using NUnit.Framework;

namespace Engine.Tests.Gradients;

/// <summary>First and second derivatives of every row by finite differences, over generated layouts.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.WithKernelSets))]
internal sealed class GradientCheckTests(string deviceName) : DeviceFixture(deviceName)
{
    /// <summary>On cards; <see cref="LayoutTests"/> compares the gradients of the other layouts with the reference, whose derivatives are checked here.</summary>
    private static readonly LayoutKind[] s_few = [LayoutKind.Contiguous, LayoutKind.Transposed];

    [TestCaseSource(typeof(OpTable), nameof(OpTable.DifferentiableRows))]
    public void First_EveryLayout_MatchesDifferences(OpCase row) => ForEachLayout(row, GradientCheck.First);

    [TestCaseSource(typeof(OpTable), nameof(OpTable.TwiceDifferentiableRows))]
    public void Second_EveryLayout_MatchesDifferences(OpCase row) => ForEachLayout(row, GradientCheck.Second);

    [Test]
    public void First_WrongRule_Fails()
    {
        RequireFloat64();
        Tensor x = Tensor.From<double>([1, 2], Device).WithGrad();
        Assert.Throws<AssertionException>(() => GradientCheck.First(t => new WrongSquare().Apply(t), [x]));
    }

    [Test]
    public void Second_WrongRule_Fails()
    {
        RequireFloat64();
        Tensor x = Tensor.From<double>([1, 2], Device).WithGrad();
        Assert.DoesNotThrow(() => GradientCheck.First(t => new SquareOnce().Apply(t), [x]));
        Assert.Throws<AssertionException>(() => GradientCheck.Second(t => new SquareOnce().Apply(t), [x]));
    }

    private void ForEachLayout(OpCase row, Action<Func<Tensor[], Tensor>, Tensor[], string> check)
    {
        TestDevices.SkipWhatIsTheSame(Device, OpTable.HasIlgpuKernels(row));
        RequireFloat64();
        if (TestDevices.CompilesSlowly(Device))
        {
            Assert.Ignore("rules of derivatives are the same on all devices, and LayoutTests compares its gradients; ENGINE_TEST_DEVICES=opencl runs it all the same");
        }
        if (row.IsComposed && Device is not HostDevice && !WantedDevices.AreNamed)
        {
            Assert.Ignore("made of operations whose derivatives are checked here; LayoutTests compares its gradients");
        }

        foreach (int size in row.GradientSizes)
        {
            foreach (LayoutKind layout in Device is HostDevice || WantedDevices.AreNamed ? Layouts.All : s_few)
            {
                if (Layouts.IsStretched(layout) && (row.NeedsDistinct || row.NeedsSpread))
                {
                    continue;
                }
                using TensorScope scope = TensorScope.Begin();
                check(row.Run, OpArguments.Make(row, size, _ => layout, DType.Float64, Device), $"{row.Name}, n = {size}, {layout}");
            }
        }
    }

    /// <summary>x² with the gradient of x³.</summary>
    private sealed class WrongSquare : CustomFunction
    {
        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs)
        {
            Save(inputs[0]);
            return inputs[0].Square();
        }

        protected override Tensor?[] Backward(Tensor dy) => [dy * Saved(0).Square() * 3];
    }

    /// <summary>x² whose gradient is right but forgets that it depends on x.</summary>
    private sealed class SquareOnce : CustomFunction
    {
        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs)
        {
            Save(inputs[0]);
            return inputs[0].Square();
        }

        protected override Tensor?[] Backward(Tensor dy) => [dy * Saved(0).Detach() * 2];
    }
}
