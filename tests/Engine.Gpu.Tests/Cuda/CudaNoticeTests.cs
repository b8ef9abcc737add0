using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>What a card tells a program's log about its mode.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class CudaNoticeTests
{
    private readonly List<(object? Sender, DeviceNoticeEventArgs Notice)> _notices = [];

    [SetUp]
    public void Listen()
    {
        _notices.Clear();
        Device.Notice += Note;
    }

    [TearDown]
    public void StopListening() => Device.Notice -= Note;

    [Test]
    public void Convolution_FirstOnAStrictCard_IsToldOnce()
    {
        using CudaDevice device = InterpretedCuda.CreateDevice();
        Convolve(device);
        Convolve(device);
        Assert.That(Of(device), Has.Length.EqualTo(1));
        Assert.That(Of(device)[0].Message, Does.Contain("MathMode.Tf32Convolutions").And.Contain("PyTorch"));
    }

    [Test]
    public void Convolution_InAnotherMode_OnAnotherCard_OrProductsAlone_AreNoNews()
    {
        using CudaDevice rounding = InterpretedCuda.CreateDevice(), old = InterpretedCuda.CreateDevice(computeCapability: 75), products = InterpretedCuda.CreateDevice();
        rounding.MathMode = MathMode.Tf32Convolutions;
        Convolve(rounding);
        Convolve(old);
        _ = Tensor.Ones([4, 4], device: products).MatMul(Tensor.Ones([4, 4], device: products));
        Assert.That((Of(rounding), Of(old), Of(products)), Is.EqualTo((Array.Empty<DeviceNoticeEventArgs>(), Array.Empty<DeviceNoticeEventArgs>(), Array.Empty<DeviceNoticeEventArgs>())));
    }

    [Test]
    public void Convolution_BeforeAnybodyListens_IsToldToWhoComesLater()
    {
        using CudaDevice device = InterpretedCuda.CreateDevice();
        Device.Notice -= Note;
        Convolve(device);
        Device.Notice += Note;
        Assert.That(Of(device), Is.Empty);
        Convolve(device);
        Assert.That(Of(device), Has.Length.EqualTo(1));
    }

    private static void Convolve(Device device) =>
        _ = Tensor.Ones([1, 2, 5, 5], device: device).Conv2d(Tensor.Ones([3, 2, 3, 3], device: device));

    private DeviceNoticeEventArgs[] Of(Device device) => [.. _notices.Where(n => n.Sender == device && n.Notice.Device == device).Select(static n => n.Notice)];

    private void Note(object? sender, DeviceNoticeEventArgs notice)
    {
        lock (_notices)
        {
            _notices.Add((sender, notice));
        }
    }
}
