using System.Runtime.CompilerServices;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>While a driver reads a block for the host, nobody else is given it, though the tensor may be collected already.</summary>
[TestFixture]
internal sealed class CollectedDownloadTests
{
    private const int Size = 1000;

    private readonly ScriptedDriver _driver = new();
    private TestDevice _device = null!;
    private bool _collects;
    private int _downloads;
    private bool _wasGivenAway;

    // Methods are optimised once their calls were counted for a while, in the background; before that they keep everything alive to their ends.
    [OneTimeSetUp]
    public void WaitForOptimisedCode()
    {
        _device = new TestDevice(_driver);
        _driver.Downloading = Collect;
        for (int round = 0; round < 4; round++)
        {
            for (int i = 0; i < 40; i++)
            {
                Read();
            }

            Thread.Sleep(200);
        }
    }

    [OneTimeTearDown]
    public void DisposeDevice()
    {
        _device.Dispose();
        _driver.Dispose();
    }

    [Test]
    public void Download_OfATemporary_HoldsItsBlock()
    {
        (_collects, _downloads, _wasGivenAway) = (true, 0, false);
        for (int i = 0; i < 5; i++)
        {
            Read();
        }

        _collects = false;
        Assert.That(_downloads, Is.EqualTo(5));
        Assert.That(_wasGivenAway, Is.False);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Read() => Tensor.Empty([Size], device: _device).ToArray<float>();

    private void Collect(nint handle)
    {
        if (!_collects)
        {
            return;
        }

        _downloads++;
        GC.Collect();
        GC.WaitForPendingFinalizers();
        for (int i = 0; i < 4; i++)
        {
            using Tensor one = Tensor.Empty([Size], device: _device), other = Tensor.Empty([Size], device: _device);
            _wasGivenAway |= one.Storage.Handle == handle || other.Storage.Handle == handle;
        }
    }
}
