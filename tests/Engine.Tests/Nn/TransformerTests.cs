using Engine.Nn;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Masks of attention and their two senses, caches for generation, positions. Values against PyTorch's are in TorchLayerTests.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class TransformerTests(string deviceName) : DeviceFixture(deviceName)
{
    private double Tolerance => Device.HasFloat64 ? 1e-11 : 2e-5;

    private Tensor Random(Shape shape, int seed) => Tensor.Randn(shape, device: Device, generator: new Generator(seed)).To(Widest);

    private T On<T>(T module)
        where T : Module => module.To(Widest).To(Device).Eval();

    [Test]
    public void Masks_OfTheModuleHide_OfTheFunctionShow()
    {
        Tensor x = Random([1, 3, 4], 1);
        Tensor hidesLast = Tensor.From<bool>([false, false, true, false, false, true, false, false, true], [3, 3], Device);
        MultiheadAttention attention = On(new MultiheadAttention(4, 2, batchFirst: true, generator: new Generator(1)));
        Tensor two = x.Narrow(1, 0, 2);
        Close.AssertAll("module", attention.Forward(x, two, two), attention.Forward(x, x, x, attnMask: hidesLast), Tolerance, Tolerance);
        Close.AssertAll("padding", attention.Forward(x, two, two), attention.Forward(x, x, x, keyPaddingMask: hidesLast[0].Unsqueeze(0)), Tolerance, Tolerance);
        Close.AssertAll(
            "function", Tensor.ScaledDotProductAttention(x, two, two), Tensor.ScaledDotProductAttention(x, x, x, attnMask: hidesLast.Not()), Tolerance, Tolerance);
    }

    [Test]
    public void Masks_BoolAndFloatTogether_BothCount()
    {
        Tensor x = Random([2, 3, 4], 1), added = Random([3, 3], 2);
        Tensor padding = Tensor.From<bool>([false, true, false, false, false, true], [2, 3], Device);
        MultiheadAttention attention = On(new MultiheadAttention(4, 2, batchFirst: true, generator: new Generator(1)));
        Tensor y = attention.Forward(x, x, x, padding, added, isCausal: true);

        Tensor hidden = padding.Reshape(2, 1, 1, 3).Or(Tensor.Ones([3, 3], DType.Bool, Device).Triu(1)).Expand([2, 2, 3, 3]);
        Tensor all = added.Expand([2, 2, 3, 3]).MaskedFill(hidden, double.NegativeInfinity);
        Close.AssertAll("one mask of all", attention.Forward(x, x, x, attnMask: all), y, Tolerance, Tolerance);
        (Tensor output, Tensor weights) = attention.ForwardWithWeights(x, x, x, padding, added, averageAttnWeights: false, isCausal: true);
        Close.AssertAll("with weights", y, output, Tolerance, Tolerance);
        Assert.That(weights.MaskedFill(hidden.Not(), 0).Abs().Max().Item(), Is.Zero);
        Assert.That((weights.Sum(-1) - 1).Abs().Max().Item(), Is.LessThan(Tolerance));
    }

    [Test]
    public void Attention_KeysAllHidden_GivesTheBiasOfTheOutput()
    {
        Tensor x = Random([1, 2, 4], 1);
        MultiheadAttention attention = On(new MultiheadAttention(4, 2, batchFirst: true, generator: new Generator(1)));
        Tensor y = attention.Forward(x, x, x, keyPaddingMask: Tensor.Ones([1, 2], DType.Bool, Device));
        Close.AssertAll("y", attention.OutProj.Bias!.Expand([1, 2, 4]), y, 0, 0);
    }

    [Test]
    public void GroupedHeads_ShareKeys()
    {
        Tensor q = Random([2, 4, 3, 4], 1), k = Random([2, 2, 5, 4], 2), v = Random([2, 2, 5, 3], 3);
        Tensor each = Tensor.From<long>([0, 0, 1, 1], Device);
        Close.AssertAll(
            "y",
            Tensor.ScaledDotProductAttention(q, k.IndexSelect(1, each), v.IndexSelect(1, each)),
            Tensor.ScaledDotProductAttention(q, k, v, enableGqa: true),
            Tolerance,
            Tolerance);
        Assert.That(() => Tensor.ScaledDotProductAttention(q, Random([2, 3, 5, 4], 2), v, enableGqa: true), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("groups of g query heads"));
    }

    [Test]
    public void Encoder_StepByStepWithCaches_EqualsTheWhole([Values] bool batchFirst, [Values] bool normFirst)
    {
        TransformerEncoder net = On(new TransformerEncoder(
            () => new TransformerEncoderLayer(8, 2, 12, batchFirst: batchFirst, normFirst: normFirst, rotary: new RotaryPositions(4, 20), generator: new Generator(3)), 2, new LayerNorm(8)));
        using GradMode.Scope mode = GradMode.Off();
        Tensor x = Random(batchFirst ? [2, 19, 8] : [19, 2, 8], 1);
        int axis = batchFirst ? 1 : 0;
        Tensor whole = net.Forward(x, null, isCausal: true);
        KeyValueCache[] caches = net.CreateCaches();

        // The prompt at once, then one position at a time, over the end of the first memory, and the rest together.
        List<Tensor> parts = [];
        foreach (int length in (int[])[3, 1, 1, 12, 2])
        {
            parts.Add(net.Forward(x.Narrow(axis, caches[0].Length, length), null, isCausal: true, caches: caches));
        }

        Close.AssertAll("y", whole, Tensor.Concat([.. parts], axis), Tolerance * 10, Tolerance * 10);
        Assert.That(caches[1].Length, Is.EqualTo(19));
        foreach (KeyValueCache cache in caches)
        {
            cache.Clear();
        }

        Close.AssertAll("again", whole.Narrow(axis, 0, 4), net.Forward(x.Narrow(axis, 0, 4), null, isCausal: true, caches: caches), Tolerance * 10, Tolerance * 10);
        Assert.That(() => net.Forward(x.Narrow(1 - axis, 0, 1).Narrow(axis, 0, 1), null, caches: caches), Throws.TypeOf<ShapeMismatchException>().With.Message.StartsWith("KeyValueCache: it holds"));
        Assert.That(() => net.Forward(x, null, caches: caches[..1]), Throws.ArgumentException.With.Message.Contains("2 blocks and 1 caches"));
        foreach (KeyValueCache cache in caches)
        {
            cache.Dispose();
        }
    }

    [Test]
    public void Decoder_StepByStepWithCaches_EqualsTheWhole()
    {
        TransformerDecoder net = On(new TransformerDecoder(() => new TransformerDecoderLayer(8, 2, 12, batchFirst: true, generator: new Generator(3)), 2));
        using GradMode.Scope mode = GradMode.Off();
        Tensor x = Random([2, 5, 8], 1), memory = Random([2, 4, 8], 2);
        Tensor whole = net.Forward(x, memory, tgtIsCausal: true);
        KeyValueCache[] caches = net.CreateCaches();
        Tensor[] parts = [.. Enumerable.Range(0, 5).Select(i => net.Forward(x.Narrow(1, i, 1), memory, tgtIsCausal: true, caches: caches))];
        Close.AssertAll("y", whole, Tensor.Concat(parts, 1), Tolerance * 10, Tolerance * 10);
    }

    [Test]
    public void Cache_WithGradients_IsRefused()
    {
        MultiheadAttention attention = On(new MultiheadAttention(4, 2, generator: new Generator(1)));
        using KeyValueCache cache = new();
        Tensor x = Random([1, 1, 4], 1);
        Assert.That(() => attention.Forward(x, x, x, cache: cache), Throws.InvalidOperationException.With.Message.Contains("GradMode.Off()"));
    }

    [Test]
    public void RotaryPositions_ProductsDependOnDistance([Values] bool interleaved)
    {
        RotaryPositions rotary = On(new RotaryPositions(6, 64, interleaved: interleaved));
        Tensor q = Random([1, 6], 1), k = Random([1, 6], 2);
        double At(int m, int n) => (rotary.Forward(q, m) * rotary.Forward(k, n)).Sum().Item();
        Assert.That(At(40, 33), Is.EqualTo(At(7, 0)).Within(1e-5));
        Assert.That(At(0, 0), Is.EqualTo((q * k).Sum().Item()).Within(1e-5));
        Assert.That(Math.Abs(At(7, 0) - At(6, 0)), Is.GreaterThan(1e-3));
        Assert.That(() => rotary.Forward(q, 64), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("at most 64 positions"));
    }

    [Test]
    public void Positions_FromALaterOffset_AreTheRowsThere()
    {
        SinusoidalPositions layer = On(new SinusoidalPositions(4, 10, batchFirst: true));
        Tensor x = Random([2, 6, 4], 1);
        Close.AssertAll("y", layer.Forward(x).Narrow(1, 2, 3), layer.Forward(x.Narrow(1, 2, 3), offset: 2), 0, 0);
        Assert.That(() => layer.Forward(x, offset: 5), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("at most 10 positions"));
    }

    [Test]
    public void Encoder_InHalfPrecision_IsCloseToTheWhole()
    {
        TransformerEncoderLayer net = On(new TransformerEncoderLayer(8, 2, 12, batchFirst: true, generator: new Generator(3)));
        Tensor x = Random([2, 3, 8], 1);
        Tensor expected = net.Forward(x);
        Close.AssertAll("y", expected.ToArray<double>(), net.To(DType.BFloat16).Forward(x.To(DType.BFloat16)).ToArray<double>(), 0.05, 0.05);
    }
}
