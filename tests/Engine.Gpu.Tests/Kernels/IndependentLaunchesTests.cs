using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Calls that do not rely on each other: which of them go out as one launch, and that nothing else changes.</summary>
[TestFixture]
internal sealed class IndependentLaunchesTests
{
    private CudaDevice _device = null!;

    [SetUp]
    public void Open()
    {
        _device = InterpretedCuda.CreateDevice(out FakeDevice card);
        card.WatchesGlobalRaces = true;
    }

    [TearDown]
    public void Close() => _device.Dispose();

    [Test]
    public void Products_ThatDoNotRelyOnEachOther_AreOneLaunchWithTheSameBits()
    {
        using Tensor a = Numbers(1, 40, 300), b = Numbers(2, 300, 33), c = Numbers(3, 20, 500), d = Numbers(4, 500, 24);
        (float[] apart, string[] apartKernels) = Run(() => [a.MatMul(b), c.MatMul(d)], together: false);
        (float[] joined, string[] joinedKernels) = Run(() => [a.MatMul(b), c.MatMul(d)], together: true);
        Assert.That(apartKernels, Has.Length.EqualTo(2));
        Assert.That(joinedKernels, Has.Length.EqualTo(1));
        Assert.That(joinedKernels[0], Does.Contain("_with_"));
        Assert.That(joined, Is.EqualTo(apart).Within(1e-5));
    }

    [Test]
    public void AnythingElse_ComesAfterTheCallsBeforeIt()
    {
        using Tensor a = Numbers(1, 40, 300), b = Numbers(2, 300, 33);
        float[] expected = a.MatMul(b).Relu().ToArray<float>();
        using (_device.Backend.BeginIndependent())
        {
            // Not a call that promised anything: it reads the product.
            using Tensor product = a.MatMul(b), relu = product.Relu();
            Assert.That(relu.ToArray<float>(), Is.EqualTo(expected));
        }
    }

    [Test]
    public void AResult_ReadBeforeTheEnd_IsThere()
    {
        using Tensor a = Numbers(1, 40, 300), b = Numbers(2, 300, 33);
        float[] expected = a.MatMul(b).ToArray<float>();
        using (_device.Backend.BeginIndependent())
        {
            Assert.That(a.MatMul(b).ToArray<float>(), Is.EqualTo(expected));
        }
    }

    [Test]
    public void Gradients_OfProductsAndConvolutions_TakeALaunchEach()
    {
        using Tensor x = Numbers(1, 2, 8, 12, 12), w = Numbers(2, 8, 8, 3, 3).WithGrad(), y = Numbers(3, 24, 32), v = Numbers(4, 16, 32).WithGrad();
        Tensor images = x.WithGrad(), rows = y.WithGrad();
        images.Conv2d(w, padding: 1).Sum().Backward();
        rows.Linear(v).Sum().Backward();
        Assert.That(KernelsOf(() => images.Conv2d(w, padding: 1).Sum().Backward()).Count(static name => name.StartsWith("conv", StringComparison.Ordinal)), Is.EqualTo(2));
        Assert.That(KernelsOf(() => rows.Linear(v).Sum().Backward()).Count(static name => name.StartsWith("gemm", StringComparison.Ordinal)), Is.EqualTo(2));
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(7)]
    public void Concat_OfAFew_IsOneLaunch(int count)
    {
        Tensor[] parts = [.. Enumerable.Range(0, count).Select(i => Numbers(i, 3, 4 + i, 5, 7))];
        float[] expected = Tensor.Concat([.. parts.Select(static part => part.To(Device.Cpu))], 1).ToArray<float>(), actual = [];
        string[] kernels = KernelsOf(() => actual = Tensor.Concat(parts, 1).ToArray<float>());
        Assert.That(actual, Is.EqualTo(expected));
        Assert.That(kernels, Has.Length.EqualTo((count + 4) / 5), string.Join(", ", kernels));
    }

    [Test]
    public void Maps_OnlyWhereTheyAreSaidNotToRelyOnEachOther_AreJoined()
    {
        using Tensor x = Numbers(1, 40, 30);
        float[] expected = x.Relu().ToArray<float>();
        foreach (bool hasMaps in new[] { false, true })
        {
            using Tensor first = Tensor.Empty(x.Shape, x.DType, _device), second = Tensor.Empty(x.Shape, x.DType, _device);
            string[] kernels = KernelsOf(() =>
            {
                using IDisposable? scope = hasMaps ? _device.Backend.BeginIndependentMaps() : _device.Backend.BeginIndependent();
                foreach (Tensor y in new[] { first, second })
                {
                    _device.Backend.Map(new MapArgs { Program = Programs.Relu, ComputeType = DType.Float32, Shape = x.Shape, Inputs = [x.Operand], Outputs = [y.Operand], Parameters = [] });
                }
            });
            Assert.That(kernels, Is.EqualTo(hasMaps ? new[] { "map_with_map" } : ["map", "map"]));
            Assert.That(first.ToArray<float>(), Is.EqualTo(expected));
            Assert.That(second.ToArray<float>(), Is.EqualTo(expected));
        }
    }

    [Test]
    public void ManyCalls_AreAFewLaunches()
    {
        using Tensor a = Numbers(1, 40, 64), b = Numbers(2, 64, 33);
        float[] expected = a.MatMul(b).ToArray<float>();
        Tensor[] results = new Tensor[12];
        string[] kernels = KernelsOf(() =>
        {
            using (_device.Backend.BeginIndependent())
            {
                for (int i = 0; i < results.Length; i++)
                {
                    results[i] = a.MatMul(b);
                }
            }
        });
        Assert.That(kernels, Has.Length.LessThan(results.Length));
        foreach (Tensor result in results)
        {
            Assert.That(result.ToArray<float>(), Is.EqualTo(expected));
        }
    }

    private Tensor Numbers(int seed, params int[] sizes)
    {
        Random random = new(seed);
        Shape shape = new(sizes);
        return Tensor.From([.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => (float)random.NextDouble() - 0.5f)], shape, _device);
    }

    private (float[] Values, string[] Kernels) Run(Func<Tensor[]> calls, bool together)
    {
        Tensor[] results = [];
        string[] kernels = KernelsOf(() =>
        {
            using IDisposable? scope = together ? _device.Backend.BeginIndependent() : null;
            results = calls();
        });
        return ([.. results.SelectMany(static result => result.ToArray<float>())], kernels);
    }

    private string[] KernelsOf(Action calls)
    {
        using LaunchCount count = _device.CountLaunches();
        calls();
        return [.. count.Launches.Select(static launch => launch.Name)];
    }
}
