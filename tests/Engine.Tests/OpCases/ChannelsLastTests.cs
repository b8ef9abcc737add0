using Engine.Nn;
using Engine.Tests.Devices;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.OpCases;

/// <summary>
/// Images whose channels are neighbours in memory. Where a device prefers that, convolutions write them and what follows keeps the order; values, shapes and
/// the host's view of them are the same on all devices.
/// </summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class ChannelsLastTests(string deviceName) : DeviceFixture(deviceName)
{
    private bool Prefers => Device.Backend.PrefersChannelsLast;

    [Test]
    public void Contiguous_InAFormat_MovesMemoryAndNothingElse()
    {
        Tensor x = Images(1, 2, 3, 4, 5), last = x.Contiguous(MemoryFormat.ChannelsLast);
        Assert.That((last.Shape, last.Layout.IsChannelsLast, last.IsContiguous), Is.EqualTo((x.Shape, true, false)));
        Assert.That(last.Layout.Strides.ToArray(), Is.EqualTo(new long[] { 60, 1, 15, 3 }));
        Assert.That(last.ToArray<float>(), Is.EqualTo(x.ToArray<float>()));
        Tensor back = last.Contiguous(MemoryFormat.Contiguous);
        Assert.That((back.IsContiguous, back.ToArray<float>().SequenceEqual(x.ToArray<float>())), Is.EqualTo((true, true)));
        Assert.That(last.Contiguous(MemoryFormat.ChannelsLast).Storage, Is.SameAs(last.Storage), "a view where nothing moves");
        Assert.That(x.Contiguous(MemoryFormat.Contiguous).Storage, Is.SameAs(x.Storage));
    }

    [TestCase(2, 3, 4)]
    [TestCase(2, 3, 2, 2, 3)]
    [TestCase(0, 3, 2, 2)]
    [TestCase(1, 1, 1, 1)]
    public void Contiguous_OfAnyRank_HasItsValues(params int[] sizes)
    {
        Tensor x = Images(2, sizes), last = x.Contiguous(MemoryFormat.ChannelsLast);
        Assert.That((last.Layout.IsChannelsLast, last.Shape), Is.EqualTo((true, x.Shape)));
        Assert.That(last.ToArray<float>(), Is.EqualTo(x.ToArray<float>()));
    }

    [Test]
    public void Contiguous_InAFormat_PassesTheGradient()
    {
        Tensor x = Images(3, 1, 2, 2, 2).WithGrad();
        (x.Contiguous(MemoryFormat.ChannelsLast) * Images(4, 1, 2, 2, 2)).Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(Images(4, 1, 2, 2, 2).ToArray<float>()));
    }

    [Test]
    public void Contiguous_WithoutChannels_IsRefused()
    {
        Assert.That(() => Images(1, 2, 3).Contiguous(MemoryFormat.ChannelsLast), Throws.ArgumentException.With.Message.Contains("three or more"));
        Assert.That(() => Layout.ChannelsLast([2, 3]), Throws.ArgumentException);
        Assert.That(() => Images(1, 2, 3).Contiguous((MemoryFormat)7), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Convolution_AndWhatFollows_KeepsTheOrder()
    {
        Tensor y = Images(5, 2, 9, 6, 6).Conv2d(Images(6, 12, 9, 3, 3), padding: 1);
        Tensor weight = Tensor.Ones([12], device: Device), bias = Tensor.Zeros([12], device: Device);
        foreach ((string name, Tensor result) in new (string, Tensor)[]
        {
            ("convolution", y),
            ("convolution again", y.Conv2d(Images(7, 16, 12, 3, 3), stride: 2)),
            ("1x1", y.Conv2d(Images(7, 16, 12, 1, 1))),
            ("transposed", y.ConvTranspose2d(Images(8, 12, 10, 2, 2), stride: 2)),
            ("depthwise", y.Conv2d(Images(8, 12, 1, 3, 3), groups: 12)),
            ("relu", y.Relu()),
            ("sum", y + y.Sigmoid()),
            ("per channel", y * weight.Reshape(-1, 1, 1)),
            ("with row-major images", y + Images(9, 2, 12, 6, 6)),
            ("batch norm", y.BatchNorm(weight, bias, relu: true, residual: y)),
            ("max pool", y.MaxPool2d(2)),
            ("mean pool", y.AvgPool2d(3, stride: 2)),
            ("concatenated", Tensor.Concat([y, y.Relu()], 1)),
            ("a part of the channels", y.Narrow(1, 2, 8) * 2),
            ("half precision", y.To(DType.Float16)),
        })
        {
            Assert.That(result.Layout.IsChannelsLast, Is.EqualTo(Prefers), name);
        }
    }

    [Test]
    public void Results_OfOtherTensors_AreRowMajor()
    {
        Tensor x = Images(10, 2, 3, 4, 5);
        Assert.That((x.Relu().IsContiguous, x.Permute(0, 2, 1, 3).Relu().IsContiguous, x.BatchNorm(null, null).IsContiguous, x.Flatten(2).T.Clone().IsContiguous), Is.EqualTo((true, true, true, true)));
        Assert.That(x.Conv2d(Images(11, 4, 3, 3, 3)).Clone().IsContiguous, "a clone is row-major everywhere");
    }

    [Test]
    public void Network_HasTheValuesAndGradientsOfTheReference()
    {
        (float[] Loss, float[][] Gradients) here = Run(Device), there = Run(ReferenceDevice.Shared);
        Assert.That(here.Loss, Is.EqualTo(there.Loss).Within(1e-4));
        for (int i = 0; i < there.Gradients.Length; i++)
        {
            Assert.That(here.Gradients[i], Is.EqualTo(there.Gradients[i]).Within(2e-4), $"parameter {i}");
        }
    }

    [Test]
    public void Filters_OfLayers_TheirGradientsAndStateLieAlike()
    {
        using var generator = new DefaultDevice(Device);
        Conv2d layer = new(8, 12, 3, padding: 1);
        Adam optimizer = new(layer.Parameters, 0.01);
        layer.Forward(Images(12, 2, 8, 5, 5)).Square().Mean().Backward();
        optimizer.Step();
        foreach (Tensor tensor in new[] { layer.Weight, layer.Weight.Grad!, optimizer.StateOf(layer.Weight, "exp_avg")!, optimizer.StateOf(layer.Weight, "exp_avg_sq")! })
        {
            Assert.That((tensor.Layout.IsChannelsLast, tensor.IsContiguous), Is.EqualTo((Prefers, !Prefers)));
        }

        float[] values = layer.Weight.ToArray<float>();
        layer.To(ReferenceDevice.Shared);
        Assert.That((layer.Weight.IsContiguous, layer.Weight.ToArray<float>().SequenceEqual(values)), Is.EqualTo((true, true)), "elsewhere");
        layer.To(Device);
        Assert.That((layer.Weight.Layout.IsChannelsLast, layer.Weight.ToArray<float>().SequenceEqual(values)), Is.EqualTo((Prefers, true)), "and back");
    }

    [Test]
    public void Group_OfFiltersWithChannelsLast_IsOneCall()
    {
        PointwiseGroup group = new(MapProgram.Compile(2, (Expr.Input(0) * 2) + Expr.Input(1)));
        Tensor a = Images(13, 4, 3, 2, 2).Contiguous(MemoryFormat.ChannelsLast), b = Images(14, 4, 3, 2, 2).Contiguous(MemoryFormat.ChannelsLast), c = Images(15, 5, 3);
        Tensor rowMajor = Images(14, 4, 3, 2, 2), one = Tensor.Full(Shape.Scalar, 3.0, device: Device);
        float[] expected = [.. a.ToArray<float>().Zip(b.ToArray<float>(), static (x, y) => (x * 2) + y)], plusOne = [.. c.ToArray<float>().Select(static x => (x * 2) + 3)];
        Assert.That(group.TryAdd([a], [a, rowMajor]), Is.False, "in two orders");
        Assert.That(group.TryAdd([a], [a, b]) && group.TryAdd([c], [c, one]));
        group.Run([]);
        Assert.That(a.ToArray<float>(), Is.EqualTo(expected).Within(1e-6));
        Assert.That(c.ToArray<float>(), Is.EqualTo(plusOne).Within(1e-6));
        PointwiseGroup counting = new(MapProgram.Compile(1, Expr.Input(0) + Expr.Index));
        Assert.That(counting.TryAdd([a], [a]), Is.False, "element numbers are those of row-major order");
    }

    [Test]
    public void GlobalNorm_OfBothOrders_IsTheSame()
    {
        Tensor x = Images(16, 4, 3, 2, 5);
        Assert.That(Tensor.GlobalNorm([x.Contiguous(MemoryFormat.ChannelsLast)]).Item(), Is.EqualTo(Tensor.GlobalNorm([x]).Item()).Within(1e-5));
    }

    private static (float[] Loss, float[][] Gradients) Run(Device device)
    {
        Tensor On(int seed, params int[] sizes) => Tensor.Randn(new Shape(sizes), device: ReferenceDevice.Shared, generator: new Generator(seed)).To(device);
        Tensor x = On(1, 2, 3, 8, 8), first = (On(2, 12, 3, 3, 3) * 0.3).WithGrad(), second = (On(3, 12, 12, 3, 3) * 0.2).WithGrad(), bias = On(4, 12).WithGrad();
        Tensor gamma = On(5, 12).WithGrad(), beta = On(6, 12).WithGrad(), narrow = (On(7, 16, 24, 1, 1) * 0.2).WithGrad(), last = (On(8, 10, 16 * 4) * 0.1).WithGrad();
        Tensor h = x.Conv2d(first, bias, padding: 1, relu: true);
        h = h.Conv2d(second, padding: 1).BatchNorm(gamma, beta, relu: true, residual: h);
        h = Tensor.Concat([h.MaxPool2d(2), h.AvgPool2d(2)], 1).Conv2d(narrow).Tanh().MaxPool2d(2);
        Tensor loss = h.Flatten(1).Linear(last).Square().Mean();
        loss.Backward();
        return (loss.ToArray<float>(), [.. new[] { first, second, bias, gamma, beta, narrow, last }.Select(static p => p.Grad!.ToArray<float>())]);
    }

    private Tensor Images(int seed, params int[] sizes) =>
        Tensor.Randn(new Shape(sizes), device: ReferenceDevice.Shared, generator: new Generator(seed)).To(Device);

    /// <summary>Layers are made on the default device.</summary>
    private sealed class DefaultDevice : IDisposable
    {
        private readonly Device _before = Device.Default;

        public DefaultDevice(Device device) => Device.Default = device;

        public void Dispose() => Device.Default = _before;
    }
}
