using System.Runtime.InteropServices;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Loads and stores: element types, vectors, conditions, and the ways to write an index.</summary>
[TestFixture]
internal sealed class PtxMemoryTests
{
    private static readonly DType[] s_elements =
        [DType.Float32, DType.Float64, DType.Float16, DType.BFloat16, DType.Int32, DType.Int64, DType.UInt8, DType.Bool];

    [Test]
    public void LoadAndStore_EveryElementAndWidth_KeepsTheBytes(
        [ValueSource(nameof(s_elements))] DType element, [Values(1, 2, 4)] int width, [Values] bool throughShared, [Values] bool readOnly)
    {
        const int GroupSize = 32;
        using PtxMachine machine = new(PtxTarget.Ampere);
        KernelBuilder k = new("copy", machine.Target, GroupSize);
        Memory x = k.Buffer("x", element, readOnly);
        Memory y = k.Buffer("y", element);
        Value[] values = k.LoadVector(x, k.GlobalId * width, width);
        if (throughShared)
        {
            Memory shared = k.Shared("block", element, GroupSize * width);
            k.StoreVector(shared, k.LocalId * width, values);
            k.Barrier();
            values = k.LoadVector(shared, (k.LocalId ^ 1) * width, width);
            k.StoreVector(y, (k.GlobalId ^ 1) * width, values);
        }
        else
        {
            k.StoreVector(y, k.GlobalId * width, values);
        }

        int bytes = 3 * GroupSize * width * element.SizeInBytes();
        byte[] data = Sample(element, bytes);
        nint from = machine.Upload(data);
        nint to = machine.Allocate(bytes);
        machine.Run(k.Build(), new LaunchGrid(3), [KernelArgument.Buffer(from, 0), KernelArgument.Buffer(to, 0)]);

        Assert.That(machine.Download(to, bytes), Is.EqualTo(data), machine.LastText);
    }

    [Test]
    public void Halves_All65536_LoadAsTheSingleTheyAre()
    {
        Half[] halves = [.. Enumerable.Range(0, 65536).Select(i => BitConverter.UInt16BitsToHalf((ushort)i))];

        float[] singles = Convert<Half, float>(halves, DType.Float16, DType.Float32);

        for (int i = 0; i < halves.Length; i++)
        {
            Assert.That(singles[i], Is.EqualTo((float)halves[i]), $"half 0x{i:x4}");
        }
    }

    [Test]
    public void BFloats_All65536_LoadAsTheSingleTheyAre()
    {
        ushort[] upper = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];

        uint[] singles = Convert<ushort, uint>(upper, DType.BFloat16, DType.Float32);

        Assert.That(singles, Is.EqualTo(upper.Select(bits => (uint)bits << 16)));
    }

    [Test]
    public void Singles_StoredAsHalves_RoundToNearestEven()
    {
        float[] singles = RoundingSamples(13);

        Half[] halves = Convert<float, Half>(singles, DType.Float32, DType.Float16);

        for (int i = 0; i < singles.Length; i++)
        {
            Assert.That(halves[i], Is.EqualTo((Half)singles[i]), $"{singles[i]:R}");
        }
    }

    [Test]
    public void Singles_StoredAsBFloats_RoundToNearestEvenAndKeepNaN()
    {
        float[] singles = RoundingSamples(16);

        ushort[] stored = Convert<float, ushort>(singles, DType.Float32, DType.BFloat16);

        for (int i = 0; i < singles.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(singles[i]);
            uint expected = float.IsNaN(singles[i]) ? (bits >> 16) | 0x40 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
            Assert.That(stored[i], Is.EqualTo(expected), $"{singles[i]:R}");
        }
    }

    [Test]
    public void Condition_DoesNotHold_LoadsZerosAndStoresNothing([ValueSource(nameof(s_elements))] DType element, [Values(1, 4)] int width)
    {
        // The buffers end after half of the items: an access behind their ends is a fault.
        const int GroupSize = 32;
        using PtxMachine machine = new(PtxTarget.Ampere);
        KernelBuilder k = new("guarded", machine.Target, GroupSize);
        Memory x = k.Buffer("x", element);
        Memory y = k.Buffer("y", element);
        Memory z = k.Buffer("z", element);
        Value holds = k.LocalId < GroupSize / 2;
        Value[] values = k.LoadVector(x, k.LocalId * width, width, holds);
        k.StoreVector(y, k.LocalId * width, values, holds);
        k.StoreVector(z, k.LocalId * width, values);
        k.StoreVector(y, k.LocalId * width, k.LoadVector(x, k.LocalId * width, width, k.Bool(false)), k.Bool(false));

        int bytes = GroupSize / 2 * width * element.SizeInBytes();
        byte[] data = Sample(element, bytes);
        nint from = machine.Upload(data);
        nint to = machine.Allocate(bytes);
        nint all = machine.Allocate(2 * bytes);
        machine.Run(k.Build(), new LaunchGrid(1), [KernelArgument.Buffer(from, 0), KernelArgument.Buffer(to, 0), KernelArgument.Buffer(all, 0)]);

        Assert.That(machine.Download(to, bytes), Is.EqualTo(data), machine.LastText);
        Assert.That(machine.Download(all, 2 * bytes), Is.EqualTo(data.Concat(new byte[bytes])), machine.LastText);
    }

    [Test]
    public void Index_EveryForm_ReachesItsElement([Values] bool wide, [Values] bool shared)
    {
        const int GroupSize = 32;
        using PtxMachine machine = new(PtxTarget.Ampere);
        KernelBuilder k = new("indices", machine.Target, GroupSize);
        Memory x = k.Buffer("x", DType.Int32);
        Memory y = k.Buffer("y", DType.Int32);
        Memory unused = k.Shared("unused", DType.Float64, 3);
        Memory block = k.Shared("block", DType.Int32, 2 * GroupSize);
        Value id = wide ? k.LocalId.To(RegisterType.Int64) : k.LocalId;
        k.Store(unused, k.LocalId, k.Float64(1), k.LocalId < 3);
        k.Store(block, id, k.Load(x, id));
        k.Store(block, id + GroupSize, k.Load(x, id + GroupSize));
        k.Barrier();
        Memory source = shared ? block : x;
        Value sum = k.Load(source, k.Int32(5))                              // a constant
            + (k.Load(source, id + 3) * 10)                                 // an offset inside the instruction
            + (k.Load(source, id + 31 - 12 - id) * 100)                     // folds away
            + (k.Load(source, id.Like(40) - id) * 1000)                     // backwards
            + (k.Load(source.As(DType.Float32), id).As(RegisterType.Int32) * 10000);
        k.Store(y, id, sum);

        int[] data = [.. Enumerable.Range(0, 2 * GroupSize).Select(i => (i * 7) + 1)];
        byte[] padding = new byte[48];
        nint from = machine.Upload([.. padding, .. MemoryMarshal.AsBytes<int>(data)]);
        nint to = machine.Allocate(GroupSize * sizeof(int));
        machine.Run(k.Build(), new LaunchGrid(1), [KernelArgument.Buffer(from, padding.Length), KernelArgument.Buffer(to, 0)]);

        int[] expected = [.. Enumerable.Range(0, GroupSize).Select(i => data[5] + (data[i + 3] * 10) + (data[19] * 100) + (data[40 - i] * 1000) + (data[i] * 10000))];
        Assert.That(MemoryMarshal.Cast<byte, int>(machine.Download(to, GroupSize * sizeof(int))).ToArray(), Is.EqualTo(expected), machine.LastText);
    }

    [Test]
    public void Integers_StoredAsBytes_KeepTheLowerEightBits([Values(DType.UInt8, DType.Bool)] DType element)
    {
        int[] numbers = [0, 1, 255, 256, 257, -1, int.MinValue, 1000];

        byte[] bytes = Convert<int, byte>(numbers, DType.Int32, element);

        Assert.That(bytes, Is.EqualTo(numbers.Select(number => (byte)number)));
    }

    private static TResult[] Convert<TSource, TResult>(TSource[] source, DType from, DType to)
        where TSource : unmanaged
        where TResult : unmanaged
    {
        using PtxMachine machine = new(PtxTarget.Ampere);
        KernelBuilder k = new("convert", machine.Target, 64);
        Memory x = k.Buffer("x", from);
        Memory y = k.Buffer("y", to);
        Value n = k.Size("n");
        k.Store(y, k.GlobalId, k.Load(x, k.GlobalId, k.GlobalId < n), k.GlobalId < n);

        nint input = machine.Upload(MemoryMarshal.AsBytes<TSource>(source).ToArray());
        int bytes = source.Length * to.SizeInBytes();
        nint output = machine.Allocate(bytes);
        machine.Run(k.Build(), new LaunchGrid((source.Length + 63) / 64), [KernelArgument.Buffer(input, 0), KernelArgument.Buffer(output, 0), source.Length]);
        return MemoryMarshal.Cast<byte, TResult>(machine.Download(output, bytes)).ToArray();
    }

    /// <summary>Singles on, below and above the middle between neighbours of a format that drops so many bits, and special ones.</summary>
    private static float[] RoundingSamples(int droppedBits)
    {
        Random random = new(1);
        List<float> samples = [0, -0f, float.NaN, -float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.Epsilon, 65504, 65519.99f, 65520, 6e-8f, 2.9e-8f, 1e-40f];
        for (int i = 0; i < 2000; i++)
        {
            uint bits = (uint)random.NextInt64(1L << 32);
            uint middle = (bits >> droppedBits << droppedBits) | (1u << (droppedBits - 1));
            foreach (uint near in (uint[])[bits, middle - 1, middle, middle + 1])
            {
                float sample = BitConverter.UInt32BitsToSingle(near);
                if (!float.IsNaN(sample))
                {
                    samples.Add(sample);
                }
            }
        }

        // Halves of ordinary size: the exponents above reach far beyond theirs.
        samples.AddRange(Enumerable.Range(0, 4000).Select(_ => (float)Math.Exp((random.NextDouble() * 30) - 18)));
        return [.. samples];
    }

    /// <summary>Bytes that are no NaN in any format: loading and storing may change a NaN's bits.</summary>
    private static byte[] Sample(DType element, int bytes)
    {
        Random random = new((int)element);
        byte[] data = new byte[bytes];
        for (int i = 0; i < bytes; i++)
        {
            data[i] = element == DType.Bool ? (byte)random.Next(2) : (byte)random.Next(0x3B);
        }

        return data;
    }
}
