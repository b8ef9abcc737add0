using Engine.Cpu;
using Engine.Tests.Comparison;
using NUnit.Framework;

namespace Engine.Tests.Elementary;

/// <summary>Spectra of pieces of signals: there and back, odd arguments and mistakes. TensorMathematicsTests compares them with PyTorch, the table of operations on every device.</summary>
internal sealed class ShortTimeFourierTests
{
    private static readonly CpuDevice s_cpu = new("spectra-test", threads: 1);

    [Test]
    public void Istft_OfStft_IsTheSignal([Values(DType.Float64, DType.Float32, DType.Float16)] DType type)
    {
        using TensorScope scope = TensorScope.Begin();
        DType computed = type == DType.Float64 ? DType.Float64 : DType.Float32;
        foreach ((int n, int hop, int window, int length) in ((int, int, int, int)[])[(64, 16, 64, 1000), (50, 13, 41, 777), (7, 2, 5, 8), (1, 1, 1, 3), (1024, 256, 1024, 4001)])
        {
            Tensor x = Tensor.Randn([2, 3, length], 0, 1, new Generator(n), type, s_cpu), w = Tensor.HammingWindow(window, device: s_cpu);
            Tensor y = x.Stft(n, hop, window, w);
            Assert.That((y.Shape, y.DType), Is.EqualTo((new Shape(2, 3, (n / 2) + 1, (length + (n / 2 * 2) - n) / hop + 1, 2), computed)));
            Tensor back = y.Istft(n, hop, window, w, length: length);

            // The last elements may lie past the last frame.
            int reached = Math.Min(length, y.Istft(n, hop, window, w).Shape[-1]);
            Close.AssertAll($"n = {n}, {type}", x.To(computed).Narrow(-1, 0, reached), back.Narrow(-1, 0, reached), 0, type == DType.Float64 ? 1e-12 : 2e-5);
            Assert.That(back.Shape, Is.EqualTo(x.Shape));
        }
    }

    [Test]
    public void Stft_OfATone_HasItsFrequency()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor t = Tensor.Arange(0.0, 512, 1, DType.Float64, s_cpu), x = (t * (2 * Math.PI * 5 / 32)).Cos();
        Tensor size = x.Stft(32, window: Tensor.HannWindow(32, dtype: DType.Float64, device: s_cpu), center: false).Norm(-1);
        Assert.That(size.ArgMax(0).ToArray<long>(), Is.All.EqualTo(5));

        // Half the window's sum.
        Assert.That(size[5].ToArray<double>(), Is.All.EqualTo(8).Within(1e-12));
    }

    [Test]
    public void Signals_OfOtherLayoutsAndSizes_AreRead()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Randn([20, 2], 0, 1, new Generator(1), DType.Float64, s_cpu), w = Tensor.HannWindow(16, dtype: DType.Float64, device: s_cpu).Narrow(0, 4, 8);
        Close.AssertAll("turned", x.T.Contiguous().Stft(8, window: w.Clone()), x.T.Stft(8, window: w), 0, 0);
        Close.AssertAll("whole numbers", x.Round().Select(1, 0).Stft(6), x.Round().Select(1, 0).To(DType.Int64).Stft(6), 0, 1e-5);
        Assert.That(Tensor.Empty([0, 20], device: s_cpu).Stft(8).Shape, Is.EqualTo(new Shape(0, 5, 11, 2)));
        Assert.That(Tensor.Empty([0, 5, 4, 2], device: s_cpu).Istft(8).Shape, Is.EqualTo(new Shape(0, 6)));
        Tensor poisoned = Tensor.Zeros([40], DType.Float64, s_cpu);
        poisoned[30] = Tensor.Scalar(double.NaN, DType.Float64, s_cpu);
        double[] frames = poisoned.Stft(8, 8, center: false).Sum([0, 2]).ToArray<double>();
        Assert.That(frames.Select(double.IsNaN), Is.EqualTo(new[] { false, false, false, true, false }), "a NaN stays in its frame");
    }

    [Test]
    public void Windows_Narrow_AndOfBadArguments()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Tensor.HannWindow(9, false, DType.Float16, s_cpu).DType, Is.EqualTo(DType.Float16));
            Assert.That(Tensor.KaiserWindow(101, false, 5000, DType.Float64, s_cpu).ToArray<double>(), Is.All.InRange(0.0, 1.0));
            Assert.That(Tensor.KaiserWindow(101, false, -3, DType.Float64, s_cpu).ToArray<double>(), Is.EqualTo(Tensor.KaiserWindow(101, false, 3, DType.Float64, s_cpu).ToArray<double>()));
            Assert.That(() => Tensor.HannWindow(-1), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("length"));
            Assert.That(() => Tensor.BartlettWindow(4, dtype: DType.Int64), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("Float32"));
            Assert.That(() => Tensor.KaiserWindow(4, beta: double.NaN), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("beta"));
        });
    }

    [Test]
    public void Mistakes_AreNamed()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Ones([2, 10], device: s_cpu), y = x.Stft(8), w = Tensor.Ones([5], device: s_cpu);
        Assert.Multiple(() =>
        {
            Assert.That(() => Tensor.Scalar(1, device: s_cpu).Stft(4), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[..., L]"));
            Assert.That(() => x.Stft(0), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("nFft"));
            Assert.That(() => x.Stft(2), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("hopLength"));
            Assert.That(() => x.Stft(8, winLength: 9), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("winLength"));
            Assert.That(() => x.Stft(8, window: w), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("winLength"));
            Assert.That(() => x.Stft(20), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("11 elements"));
            Assert.That(() => x.Stft(20, padMode: PaddingMode.Constant).Shape, Is.EqualTo(new Shape(2, 11, 3, 2)));
            Assert.That(() => x.Stft(20, center: false), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("does not fit"));
            Assert.That(() => x.Stft(int.MaxValue), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => x.Istft(8), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("as Stft gives them"));
            Assert.That(() => y.Istft(7), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("4 frequencies"));
            Assert.That(() => y.Istft(8, onesided: false), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("8"));
            Assert.That(() => y.Istft(8, 6, 5, w), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("hopLength"));
            Assert.That(() => y.Istft(8, length: 0), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("length"));
            Assert.That(() => y.Istft(8, hopLength: 8, window: Tensor.HannWindow(8, device: s_cpu)), Throws.ArgumentException.With.Property("ParamName").EqualTo("window"));
            Assert.That(() => y.Narrow(2, 0, 1).Istft(8), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("center: false"));
        });
    }
}
