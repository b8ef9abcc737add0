using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Attention as an operation: one kernel or its parts, whatever the device has; numbers of the reference, which has the parts.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class AttentionTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly Shape s_shape = [2, 3, 21, 8];

    private static Tensor Random(Shape shape, int seed) => Tensor.Randn(shape, device: ReferenceDevice.Shared, generator: new Generator(seed));

    [Test]
    public void Attention_OfHeadsCutFromOneAxis_MatchesItsParts([Values] bool causal)
    {
        Tensor x = Random([2, 21, 72], 1), dy = Random([2, 21, 24], 2);
        Compare(
            x,
            all =>
            {
                Tensor[] parts = [.. Enumerable.Range(0, 3).Select(i => all.Narrow(2, 24 * i, 24).Reshape(2, 21, 3, 8).Transpose(1, 2))];
                return Tensor.ScaledDotProductAttention(parts[0], parts[1], parts[2], isCausal: causal).Transpose(1, 2).Reshape(2, 21, 24);
            },
            dy);
    }

    [Test]
    public void Attention_OfBroadcastOperands_SumsTheirGradients()
    {
        SkipSlowCompilers();
        Tensor x = Random([1, 3, 21, 8], 1), key = Random([2, 1, 13, 8], 2), value = Random([13, 5], 3), dy = Random([2, 3, 21, 5], 4);
        Compare(x, q => Tensor.ScaledDotProductAttention(q, key.To(q.Device).To(q.DType), value.To(q.Device).To(q.DType)), dy);
        Compare(value, v => Tensor.ScaledDotProductAttention(x.To(v.Device).To(v.DType), key.To(v.Device).To(v.DType), v), dy);
    }

    [TestCase(2)]
    [TestCase(3)]
    [TestCase(5)]
    public void Attention_OfAnyRank_MatchesItsParts(int rank)
    {
        Shape shape = new([.. Enumerable.Repeat(2, rank - 2), 6, 4]);
        Compare(Random(shape, 1), x => Tensor.ScaledDotProductAttention(x, x * 0.5, x.Sin()), Random(shape, 2));
    }

    [Test]
    public void Attention_QueriesThatSeeNothing_AreZeroAndHaveNoGradient([Values] bool isBool, [Values] bool causal)
    {
        SkipSlowCompilers();
        // The keys of the last two queries are hidden; with the diagonal also those of query 0, which could see key 0 alone.
        Tensor visible = Tensor.From([.. Enumerable.Range(0, 21 * 21).Select(static i => i / 21 < 19 && i % 21 > 0)], [21, 21], ReferenceDevice.Shared);
        Tensor mask = isBool ? visible : Tensor.Zeros([21, 21], device: ReferenceDevice.Shared).MaskedFill(visible.Not(), double.NegativeInfinity);
        Compare(Random(s_shape, 1), x => Tensor.ScaledDotProductAttention(x, x.Cos(), x * 2, mask.To(x.Device), isCausal: causal), Random(s_shape, 2));

        Tensor q = Random(s_shape, 1).To(Device).WithGrad();
        Tensor y = Tensor.ScaledDotProductAttention(q, q.Detach(), q.Detach(), mask.To(Device), isCausal: causal);
        y.Sum().Backward();
        foreach (int row in causal ? [0, 19, 20] : (int[])[19, 20])
        {
            Assert.That(y[.., .., row].ToArray<float>(), Is.All.Zero, $"row {row}");
            Assert.That(q.Grad![.., .., row].ToArray<float>(), Is.All.Zero, $"gradient of row {row}");
        }

        Assert.That(q.Grad!.ToArray<float>(), Is.All.Not.NaN);
    }

    [Test]
    public void Attention_AMaskThatIsLearned_HasItsGradient()
    {
        Tensor mask = Random([3, 1, 21], 3), x = Random(s_shape, 1);
        Compare(mask, m => Tensor.ScaledDotProductAttention(x.To(m.Device).To(m.DType), x.To(m.Device).To(m.DType), x.To(m.Device).To(m.DType), m), Random(s_shape, 2));
    }

    [Test]
    public void Attention_Dropped_KeepsItsMean()
    {
        Tensor q = Tensor.Zeros([1, 1, 2, 4], device: Device), v = Tensor.Ones([1, 1, 4096, 1], device: Device);
        Tensor y = Tensor.ScaledDotProductAttention(q, Tensor.Zeros([1, 1, 4096, 4], device: Device), v, dropoutP: 0.3);
        Assert.That(y.ToArray<float>(), Is.All.EqualTo(1).Within(0.1).And.All.Not.EqualTo(1)); // Of 4,096, no whole number is 70 %.
    }

    [Test]
    public void Attention_SecondDerivatives_MatchItsParts([Values] bool causal)
    {
        SkipSlowCompilers();
        Tensor visible = Tensor.From([.. Enumerable.Range(0, 49).Select(static i => i % 3 != 1 && i / 7 != 5)], [7, 7], ReferenceDevice.Shared);
        Tensor x = Random([2, 2, 7, 4], 1), v = Random([2, 2, 7, 4], 2);
        Tensor Product(Device device)
        {
            Tensor mask = visible.To(device);
            return Autograd.Hvp(t => (Tensor.ScaledDotProductAttention(t, t.Cos(), t * 2, mask, isCausal: causal) * t).Sum(), x.To(device), v.To(device)).Product;
        }

        Close.AssertAll("H·v", Product(ReferenceDevice.Shared).To(DType.Float64), Product(Device).To(ReferenceDevice.Shared).To(DType.Float64), 1e-4, 1e-4);
    }

    [Test]
    public void Attention_InAutocast_IsOfTheScopesType()
    {
        SkipSlowCompilers();
        Tensor x = Random(s_shape, 1).To(Device).WithGrad();
        using (Autocast.To(DType.BFloat16))
        {
            Tensor y = Tensor.ScaledDotProductAttention(x, x, x, isCausal: true);
            Assert.That(y.DType, Is.EqualTo(DType.BFloat16));
            y.Sum().Backward();
        }

        Assert.That(x.Grad!.DType, Is.EqualTo(DType.Float32));
        Tensor z = x.Detach().To(ReferenceDevice.Shared).To(DType.Float64).WithGrad();
        Tensor.ScaledDotProductAttention(z, z, z, isCausal: true).Sum().Backward();
        Close.AssertAll("gradient", z.Grad!, x.Grad!.To(ReferenceDevice.Shared).To(DType.Float64), 0.05, 0.05);
    }

    [Test]
    public void Attention_WhereItIsOneKernel_NeedsNoMemoryForTheWeights()
    {
        SkipSlowCompilers();
        const int Length = 1024;
        Tensor q = Tensor.Randn([1, 1, Length, 4], device: Device).WithGrad();
        if (!Device.Backend.FusesAttention(q.Operand, q.Operand, q.Operand, null))
        {
            Assert.Ignore("the device makes attention of its parts");
        }

        Device.Synchronize();
        long before = Device.Pool.Report.InUse;
        long peak = Device.Pool.Report.Peak;
        using (TensorScope.Begin())
        {
            Tensor y = Tensor.ScaledDotProductAttention(q, q, q, isCausal: true);
            y.Sum().Backward();
        }

        // Sixteen tensors like q are far less than one of L × L.
        long most = Math.Max(peak, before + (4L * Length * Length / 2));
        Assert.That(Device.Pool.Report.Peak, Is.LessThan(most + 1));
        Assert.That(q.Grad!.ToArray<float>(), Is.All.Not.NaN);
    }

    /// <summary>Result and gradient on the device against those of the reference in the widest type.</summary>
    private void Compare(Tensor x, Func<Tensor, Tensor> function, Tensor dy)
    {
        (Tensor expected, Tensor gradient) = Run(ReferenceDevice.Shared, DType.Float64);
        foreach (DType type in FullTypes)
        {
            (Tensor actual, Tensor actualGradient) = Run(Device, type);
            double tolerance = type == DType.Float64 ? 1e-10 : 3e-5;
            Close.AssertAll($"y, {type}", expected, actual, tolerance, tolerance);
            Close.AssertAll($"gradient, {type}", gradient, actualGradient, tolerance, tolerance * Math.Max(1, gradient.Abs().Max().Item()));
        }

        (Tensor Y, Tensor Gradient) Run(Device device, DType type)
        {
            Tensor input = x.To(type).To(device).WithGrad();
            Tensor y = function(input);
            y.Backward(dy.To(type).To(device));
            return (y.Detach().To(ReferenceDevice.Shared).To(DType.Float64), input.Grad!.To(ReferenceDevice.Shared).To(DType.Float64));
        }
    }
}
