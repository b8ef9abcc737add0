using System.Globalization;
using System.Runtime.CompilerServices;
using Engine.Nn;
using Engine.Tests.Memory;
using Engine.Tests.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Lifetime;

/// <summary>
/// Transfers of temporaries on a device that, in the middle of each, collects garbage and overwrites the free blocks of its pool: the worst
/// moment, at every call, where threads that race (<see cref="HeldMemoryTests"/>) meet it by chance.
/// </summary>
internal sealed class CollectedTransferTests
{
    private const int Size = 1000;

    private readonly CollectingDevice _device = new();

    private static IEnumerable<TestCaseData> Readers
    {
        get
        {
            yield return Case("ToArray", static d => Make(d).ToArray<float>());
            yield return Case("ToArray_Converted", static d => [.. Make(d).ToArray<double>().Select(static v => (float)v)]);
            yield return Case("ToArray_View", static d => Make(d).Reshape(10, 100).T.ToArray<float>());
            yield return Case("CopyTo", static d =>
            {
                float[] values = new float[Size];
                Make(d).CopyTo<float>(values);
                return values;
            });
            yield return Case("ToDevice", static d => Make(d).To(ReferenceDevice.Shared).ToArray<float>());
            yield return Case("CopyFrom", static d =>
            {
                using Tensor elsewhere = Tensor.Zeros([Size], device: ReferenceDevice.Shared);
                elsewhere.CopyFrom(Make(d));
                return elsewhere.ToArray<float>();
            });
            yield return Case("Item", static d => [(float)Make(d)[^1].Item()]);
            yield return Case("ToString", static d => [float.Parse(Make(d)[^1].ToString().Split(' ')[0], CultureInfo.InvariantCulture)]);
            yield return Case("Predict", static d => new Identity().Predict(Make(d)).ToArray<float>());
            yield return Case("Save", static d =>
            {
                using TemporaryFolder folder = new();
                Safetensors.Save(folder.File("x"), new Dictionary<string, Tensor> { ["x"] = Make(d) });
                return Safetensors.Load(folder.File("x"), ReferenceDevice.Shared)["x"].ToArray<float>();
            });

            static TestCaseData Case(string name, Func<Device, float[]> read) => new TestCaseData(read).SetName($"{name}_OfATemporary_CollectedMeanwhile_GivesItsValues");
        }
    }

    /// <summary>
    /// Methods are compiled without optimisation at first, and then keep everything alive to their ends. Their calls are counted once nothing new has
    /// been called for a while; after 30 they are compiled anew in the background.
    /// </summary>
    [OneTimeSetUp]
    public void WaitForOptimisedCode()
    {
        for (int round = 0; round < 4; round++)
        {
            for (int i = 0; i < 40; i++)
            {
                foreach (TestCaseData reader in Readers)
                {
                    ((Func<Device, float[]>)reader.Arguments[0]!)(_device);
                }
            }

            Thread.Sleep(200);
        }
    }

    [TestCaseSource(nameof(Readers))]
    public void Read(Func<Device, float[]> read)
    {
        _device.Collects = true;
        try
        {
            int before = _device.Collections;
            for (int i = 0; i < 5; i++)
            {
                Assert.That(read(_device), Has.All.EqualTo(7f));
            }
            Assert.That(_device.Collections, Is.EqualTo(before + 5));
        }
        finally
        {
            _device.Collects = false;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Tensor Make(Device device) => Tensor.Full([Size], 7, device: device);

    private sealed class CollectingDevice() : HostDevice("collecting")
    {
        public bool Collects { get; set; }

        public int Collections { get; private set; }

        public override Backend Backend => ReferenceDevice.Shared.Backend;

        // Optimised at once, so that nothing here holds the memory that is read.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override unsafe void DownloadCore(Storage source, long offsetInBytes, Span<byte> destination)
        {
            ReadOnlySpan<byte> memory = new((byte*)source.Handle + offsetInBytes, destination.Length);
            int half = destination.Length / 2;
            memory[..half].CopyTo(destination);
            if (Collects)
            {
                Collect();
            }
            memory[half..].CopyTo(destination[half..]);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private void Collect()
        {
            Collections++;
            ForgottenTensors.Collect();
            Tensor[] others = [.. Enumerable.Range(0, 8).Select(_ => Tensor.Full([Size], Churn.Trace, device: this))];
            foreach (Tensor other in others)
            {
                other.Dispose();
            }
        }
    }
}
