using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn.Data;

/// <summary>MixUp and CutMix against their definitions: partners and shares are read off inputs that tell them.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class BatchMixingTests(string deviceName) : DeviceFixture(deviceName)
{
    private const int N = 6, Classes = 4;

    private static readonly long[] s_classes = [0, 3, 1, 1, 2, 0];

    [Test]
    public void MixUp_MixesInputsAndTargetsAlike([Values(0, 1, 2)] int seed)
    {
        // Sample i is row i of the unit matrix, so that a mixed row names its partner and the share.
        SampleRandom random = new((ulong)seed, 0), same = random;
        using Batch mixed = new MixUp(1, Classes).Apply(new Batch(Tensor.Eye(N, device: Device), Numbers), ref random);
        double lambda = same.NextBeta(1, 1);
        float[] x = mixed.Inputs.ToArray<float>(), t = mixed.Targets.ToArray<float>();
        Assert.That(mixed.Inputs.DType, Is.EqualTo(DType.Float32));
        Assert.That(mixed.Targets.Shape, Is.EqualTo(new Shape(N, Classes)));
        List<int> partners = [];
        for (int i = 0; i < N; i++)
        {
            float[] row = x[(i * N)..((i + 1) * N)];
            int partner = Array.FindIndex(row, 0, v => v > 0 && v != row[i]);
            partner = partner < 0 ? Array.FindIndex(row, v => v > 0 && row[i] > 0.999) : partner;
            partners.Add(partner);
            Assert.That(row[i], Is.EqualTo(partner == i ? 1 : lambda).Within(1e-6));
            Assert.That(row[partner], Is.EqualTo(partner == i ? 1 : 1 - lambda).Within(1e-6));
            double[] expected = new double[Classes];
            expected[s_classes[i]] += lambda;
            expected[s_classes[partner]] += 1 - lambda;
            Assert.That(t[(i * Classes)..((i + 1) * Classes)], Is.EqualTo(expected).Within(1e-6));
        }

        Assert.That(partners, Is.EquivalentTo(Enumerable.Range(0, N)), "the partners are the batch in another order");
    }

    [Test]
    public void MixUp_FloatingTargets_AreMixedAsTheyAre()
    {
        SampleRandom random = new(3, 0);
        Tensor y = Tensor.From<float>([0, 1, 2, 3, 4, 5], Device);
        using Batch mixed = new MixUp(0.4).Apply(new Batch(y.Unsqueeze(1) * 2, y), ref random);
        Assert.That(mixed.Targets.Shape, Is.EqualTo(new Shape(N)));
        Assert.That(mixed.Inputs.ToArray<float>(), Is.EqualTo(mixed.Targets.ToArray<float>().Select(static v => 2 * v)).Within(1e-5));
        Assert.That(mixed.Targets.Sum().Item(), Is.EqualTo(15).Within(1e-4), "partners are a permutation");
    }

    [Test]
    public void CutMix_ReplacesARectangleAndMixesTargetsByArea([Range(0, 11)] int seed)
    {
        const int H = 7, W = 10;
        SampleRandom random = new((ulong)seed, 0);

        // Every pixel of sample i is i.
        Tensor x = Tensor.From<float>([0, 1, 2, 3, 4, 5], [N, 1, 1, 1], Device).Expand([N, 2, H, W]).Contiguous();
        using Batch mixed = new CutMix(1, N).Apply(new Batch(x, Tensor.Arange(N, Device)), ref random);
        float[] images = mixed.Inputs.ToArray<float>(), targets = mixed.Targets.ToArray<float>();
        HashSet<int> inside = [];
        for (int i = 0; i < N; i++)
        {
            float[] image = images[(i * 2 * H * W)..((i + 1) * 2 * H * W)];
            Assert.That(image.Take(H * W), Is.EqualTo(image.Skip(H * W)), "all channels alike");
            int[] foreign = [.. Enumerable.Range(0, H * W).Where(p => image[p] != i)];
            Assert.That(foreign.Select(p => image[p]).Distinct().Count(), Is.LessThanOrEqualTo(1), "of one partner");
            if (foreign.Length > 0)
            {
                inside.UnionWith(foreign);
                float partner = image[foreign[0]];
                Assert.That(targets[(i * N) + (int)partner], Is.EqualTo(foreign.Length / (double)(H * W)).Within(1e-6));
                Assert.That(targets[(i * N) + i], Is.EqualTo(1 - (foreign.Length / (double)(H * W))).Within(1e-6));
            }
            else
            {
                Assert.That(targets[(i * N) + i], Is.EqualTo(1).Within(1e-6));
            }
        }

        if (inside.Count > 0)
        {
            int height = inside.Max(static p => p / W) - inside.Min(static p => p / W) + 1, width = inside.Max(static p => p % W) - inside.Min(static p => p % W) + 1;
            Assert.That(inside, Has.Count.EqualTo(height * width), "a rectangle, the same in all images");
        }
    }

    [Test]
    public void CutMix_ManyBatches_HaveTheExpectedArea()
    {
        // A side r·S around a uniform centre, cut off at the image, keeps r·S − r²·S/4 on average; its square with r² = 1 − λ uniform is E[(r − r²/4)²]
        // = E[r²] − E[r³]/2 + E[r⁴]/16 = 1/2 − 1/5 + 1/48.
        const int Batches = 400, Size = 100;
        double sum = 0;
        Tensor x = Tensor.Zeros([2, 1, Size, Size], device: Device), t = Tensor.Eye(2, device: Device);
        for (int i = 0; i < Batches; i++)
        {
            SampleRandom random = new(11, i);
            using Batch mixed = new CutMix().Apply(new Batch(x, t), ref random);
            float own = mixed.Targets.ToArray<float>()[0];
            sum += own;
        }

        // Half of the time a sample is its own partner and its target stays 1.
        Assert.That(1 - (sum / Batches), Is.EqualTo((0.5 - 0.2 + (1 / 48.0)) / 2).Within(0.03));
    }

    [Test]
    public void Mixing_KeepsTheElementType()
    {
        foreach (DType type in FullTypes)
        {
            SampleRandom random = new(1, 0);
            Tensor x = Tensor.Ones([N, 1, 2, 2], device: Device).To(type);
            using Batch a = new MixUp(1, Classes).Apply(new Batch(x, Numbers), ref random), b = new CutMix(1, Classes).Apply(new Batch(x, Numbers), ref random);
            Assert.That((a.Inputs.DType, b.Inputs.DType), Is.EqualTo((type, type)));
        }

        SampleRandom other = new(1, 0);
        Tensor half = Tensor.Ones([N, 1, 2, 2], device: Device).To(DType.BFloat16);
        using Batch c = new MixUp(1, Classes).Apply(new Batch(half, Numbers), ref other);
        Assert.That(c.Inputs.DType, Is.EqualTo(DType.BFloat16));
        Assert.That(c.Inputs.ToArray<float>(), Is.All.EqualTo(1f).Within(0.01f));
    }

    [Test]
    public void Mixing_OfNoOrOneSample_Works()
    {
        SampleRandom random = new(1, 0);
        foreach (int count in (int[])[0, 1])
        {
            foreach (IBatchTransform transform in (IBatchTransform[])[new MixUp(1, 3), new CutMix(1, 3), new RandomChoice(new MixUp(1, 3))])
            {
                using Batch mixed = transform.Apply(new Batch(Tensor.Full([count, 1, 2, 2], 5, device: Device), Tensor.Zeros([count], DType.Int64, Device)), ref random);
                Assert.That(mixed.Inputs.ToArray<float>(), Is.All.EqualTo(5f).Within(1e-6f));
                Assert.That(mixed.Targets.Shape, Is.EqualTo(new Shape(count, 3)));
            }
        }
    }

    [Test]
    public void Mixing_BadBatches_Throw()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Apply(new MixUp(1, 3), Tensor.Zeros([2, 2], DType.Int64, Device), Tensor.Zeros([2], DType.Int64, Device)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("MixUp: inputs are i64"));
            Assert.That(() => Apply(new MixUp(), Tensor.Zeros([2, 2], device: Device), Tensor.Zeros([2], DType.Int64, Device)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("pass the number of classes"));
            Assert.That(() => Apply(new MixUp(1, 3), Tensor.Zeros([2, 2], device: Device), Tensor.Zeros([2, 2], DType.Int64, Device)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("must be [N]"));
            Assert.That(() => Apply(new CutMix(1, 3), Tensor.Zeros([2, 2], device: Device), Tensor.Zeros([2], DType.Int64, Device)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("images [N, C, H, W]"));
            foreach (double bad in (double[])[0, -1, double.NaN, double.PositiveInfinity])
            {
                Assert.That(() => new MixUp(bad), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("MixUp: alpha must be finite and positive"));
                Assert.That(() => new CutMix(bad), Throws.TypeOf<ArgumentOutOfRangeException>());
            }

            Assert.That(() => new MixUp(1, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new RandomChoice(), Throws.ArgumentException);
        });
    }

    /// <summary>A card is not waited for to look at its numbers: there such a class is none of them.</summary>
    [Test]
    public void Mixing_ClassOutsideOfThose_ThrowsInHostMemory_IsARowOfZerosOnACard()
    {
        Batch Mixed() => Apply(new MixUp(1, 3), Tensor.Zeros([2, 2], device: Device), Tensor.From<long>([3, 3], Device));
        if (Device is HostDevice)
        {
            Assert.That(Mixed, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("MixUp: the targets have a class outside of [0, 3)"));
        }
        else
        {
            Assert.That(Mixed().Targets.ToArray<float>(), Is.EqualTo(new float[6]));
        }
    }

    private Tensor Numbers => Tensor.From<long>(s_classes, Device);

    private static Batch Apply(IBatchTransform transform, Tensor x, Tensor t)
    {
        SampleRandom random = new(1, 0);
        return transform.Apply(new Batch(x, t), ref random);
    }
}
