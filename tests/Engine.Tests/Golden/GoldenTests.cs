using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Golden;

/// <summary>Every golden case on every device, in float32 and in float64: outputs and gradients.</summary>
[Category("Golden")]
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.WithKernelSets))]
internal sealed class GoldenTests(string deviceName) : DeviceFixture(deviceName)
{
    protected override bool SharesCases => false;

    private static IEnumerable<TestCaseData> Cases =>
        from golden in GoldenSet.Current.Cases
        from type in (DType[])[DType.Float32, DType.Float64]
        select new TestCaseData(golden, type).SetArgDisplayNames(golden.Name, type.ShortName());

    [TestCaseSource(nameof(Cases))]
    public void Case_OutputsAndGradients_MatchPyTorch(GoldenCase golden, DType type)
    {
        Assert.That(GoldenOps.IsKnown(golden.Op), $"The tests do not know the op '{golden.Op}'.");
        TestDevices.SkipWhatIsTheSame(Device, GoldenOps.HasIlgpuKernels(golden.Op));
        if (type == DType.Float64)
        {
            RequireFloat64();
            if (TestDevices.CompilesSlowly(Device) && !IsFirstOfItsOp(golden))
            {
                Assert.Ignore("the kernels of float32 differ in the name of the type, and the first case of the op has those of float64; ENGINE_TEST_DEVICES=opencl runs it all the same");
            }
        }
        using TensorScope scope = TensorScope.Begin();
        GoldenSet set = GoldenSet.Current;
        string prefix = golden.Name + "/";
        Dictionary<string, Tensor> inputs = set.Names(prefix + "in/").ToDictionary(name => name, name => set.Load($"{prefix}in/{name}", Device, type));
        foreach (string name in golden.Gradients)
        {
            inputs[name].RequiresGrad = true;
        }

        Dictionary<string, Tensor> outputs = GoldenOps.Run(new GoldenInputs(golden, inputs, Device, type));

        Assert.That(outputs.Keys, Is.EquivalentTo(set.Names(prefix + "out/")), "the names of the outputs");
        foreach ((string name, Tensor output) in outputs)
        {
            AssertMatches(golden, $"out/{name}", output);
        }
        if (golden.Gradients.Length == 0)
        {
            return;
        }

        outputs[golden.Outputs[0]].Backward(set.Load(prefix + "dy", Device, type));
        foreach (string name in golden.Gradients)
        {
            Assert.That(inputs[name].Grad, Is.Not.Null, $"the gradient to {name}");
            AssertMatches(golden, $"grad/{name}", inputs[name].Grad!);
        }
    }

    [Test]
    public void Set_Cases_AreThere() => Assert.That(GoldenSet.Current.Cases, Is.Not.Empty, GoldenSet.Current.Folder);

    private static bool IsFirstOfItsOp(GoldenCase golden) => ReferenceEquals(golden, GoldenSet.Current.Cases.First(other => other.Op == golden.Op));

    private static void AssertMatches(GoldenCase golden, string tensor, Tensor actual)
    {
        (Shape shape, double[] expected) = GoldenSet.Current.Values($"{golden.Name}/{tensor}");
        Close.AssertAll(tensor, shape, expected, actual, golden.RelativeTolerance, golden.AbsoluteTolerance);
    }
}
