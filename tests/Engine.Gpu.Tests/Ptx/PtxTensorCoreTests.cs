using System.Runtime.InteropServices;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Matrix multiply-accumulate, matrix loads and asynchronous copies. Small whole numbers: every sum is exact.</summary>
[TestFixture]
internal sealed class PtxTensorCoreTests
{
    private const int Lanes = 32;

    [Test]
    public void Mma_Tf32_IsTheProductPlusC()
    {
        using PtxMachine machine = new(PtxTarget.Ampere);
        KernelBuilder k = new("mma_tf32", machine.Target, Lanes);
        Memory a = k.Buffer("a", DType.Float32, readOnly: true);
        Memory b = k.Buffer("b", DType.Float32, readOnly: true);
        Memory d = k.Buffer("d", DType.Float32);
        Value laneRow = k.LocalId >> 2;
        Value laneColumn = k.LocalId & 3;
        Value[] aPart = [.. from column in (int[])[0, 4] from row in (int[])[0, 8] select Bits(k.Load(a, ((laneRow + row) * 8) + laneColumn + column))];
        Value[] bPart = [.. from row in (int[])[0, 4] select Bits(k.Load(b, ((laneColumn + row) * 8) + laneRow))];
        StoreResult(k, d, k.Mma(MmaShape.M16N8K8Tf32, aPart, bPart, LoadC(k, d, 0)), 0);

        float[] x = Numbers(16 * 8, 1);
        float[] y = Numbers(8 * 8, 2);
        float[] z = Numbers(16 * 8, 3);
        nint result = machine.Upload(Bytes(z));
        machine.Run(k.Build(), new LaunchGrid(1), [KernelArgument.Buffer(machine.Upload(Bytes(x)), 0), KernelArgument.Buffer(machine.Upload(Bytes(y)), 0), KernelArgument.Buffer(result, 0)]);

        float[] expected = Product(x, y, 16, 8, 8, (i, j) => z[(i * 8) + j]);
        Assert.That(Singles(machine.Download(result, expected.Length * sizeof(float))), Is.EqualTo(expected), machine.LastText);
    }

    [Test]
    public void Mma_HalvesThroughSharedMemory_IsTheProduct([Values] bool brain, [Values(16, 11)] int rows)
    {
        DType element = brain ? DType.BFloat16 : DType.Float16;
        MmaShape shape = brain ? MmaShape.M16N8K16BFloat16 : MmaShape.M16N8K16Float16;
        using PtxMachine machine = new(PtxTarget.Ampere);
        KernelBuilder k = new("mma_half", machine.Target, Lanes);
        Memory a = k.Buffer("a", element);
        Memory b = k.Buffer("b", element);
        Memory d = k.Buffer("d", DType.Float32);
        Memory aTile = k.Shared("a_tile", element, 16 * 16);
        Memory bTile = k.Shared("b_tile", element, 16 * 16);

        // A lane copies eight elements, half of a row; rows that are not there become zeros.
        Value place = k.LocalId * 8;
        k.CopyAsync(aTile, place, a, place, 16, (k.LocalId >> 1) < rows);
        k.CommitAsync();
        k.CopyAsync(bTile, place, b, place, 8);
        k.CopyAsync(bTile, place + 4, b, place + 4, 4);
        k.CopyAsync(bTile, place + 6, b, place + 6, 4);
        k.CommitAsync();
        k.WaitAsync(1);
        k.WaitAsync(0);
        k.Barrier();

        // Lane 8i + r names row r of matrix i: above, below, above right, below right.
        Value matrix = k.LocalId >> 3;
        Value row = (((k.LocalId & 7) + ((matrix & 1) * 8)) * 16) + ((matrix >> 1) * 8);
        Value[] aPart = k.LoadMatrix(aTile, row, transposed: false);
        Value[] bPart = k.LoadMatrix(bTile, row, transposed: true);
        for (int half = 0; half < 2; half++)
        {
            Value zero = k.Float32(0);
            StoreResult(k, d, k.Mma(shape, aPart, [bPart[2 * half], bPart[(2 * half) + 1]], [zero, zero, zero, zero]), 8 * 16 * half);
        }

        float[] x = Numbers(16 * 16, 4);
        float[] y = Numbers(16 * 16, 5);
        nint result = machine.Allocate(16 * 16 * sizeof(float));
        nint left = machine.Upload(Narrow(x[..(rows * 16)], brain));
        machine.Run(k.Build(), new LaunchGrid(1), [KernelArgument.Buffer(left, 0), KernelArgument.Buffer(machine.Upload(Narrow(y, brain)), 0), KernelArgument.Buffer(result, 0)]);

        Array.Clear(x, rows * 16, (16 - rows) * 16);
        float[] product = Product(x, y, 16, 16, 16, static (_, _) => 0);
        float[] expected = [.. from half in (int[])[0, 8] from i in Enumerable.Range(0, 16) from j in Enumerable.Range(0, 8) select product[(i * 16) + half + j]];
        Assert.That(Singles(machine.Download(result, expected.Length * sizeof(float))), Is.EqualTo(expected), machine.LastText);
    }

    [Test]
    public void FactorsOfMma_FromSingles_AreRoundedToTheNearest()
    {
        float[] numbers = [1, -1, 1 + (1f / 4096), 1 + (3f / 4096), -(1 + (1f / 512)), 1.00048828125f, 65519, -3e-6f, 1e30f, float.PositiveInfinity, float.NaN, -0f, 0.1f, 0.3f, 7, 255.5f];
        int count = numbers.Length / 2;
        using PtxMachine machine = new(PtxTarget.Ampere);
        KernelBuilder k = new("factors", machine.Target, Lanes);
        Memory x = k.Buffer("x", DType.Float32), y = k.Buffer("y", DType.Int32);
        k.If(k.LocalId < count, () =>
        {
            Value[] pair = k.LoadVector(x, k.LocalId * 2, 2);
            Value[] words = [k.RoundTf32(pair[0]), k.RoundTf32(pair[1]), k.Pack(DType.Float16, pair[0], pair[1]), k.Pack(DType.BFloat16, pair[0], pair[1])];
            k.StoreVector(y, k.LocalId * 4, System.Array.ConvertAll(words, word => word.As(RegisterType.Int32)));
        });
        nint result = machine.Allocate(count * 4 * sizeof(int));
        machine.Run(k.Build(), new LaunchGrid(1), [KernelArgument.Buffer(machine.Upload(Bytes(numbers)), 0), KernelArgument.Buffer(result, 0)]);

        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(machine.Download(result, count * 4 * sizeof(int)));
        for (int i = 0; i < numbers.Length; i++)
        {
            uint halves = words[(i / 2 * 4) + 2] >> (16 * (i % 2)), brains = words[(i / 2 * 4) + 3] >> (16 * (i % 2));
            float tf32 = BitConverter.UInt32BitsToSingle(words[(i / 2 * 4) + (i % 2)]), brain = BitConverter.UInt32BitsToSingle(brains << 16);
            Assert.That(tf32, Is.EqualTo(float.IsFinite(numbers[i]) ? (float)new Factors(MathMode.Tf32).Round(numbers[i]) : numbers[i]), $"tf32 of {numbers[i]}");
            Assert.That((float)BitConverter.UInt16BitsToHalf((ushort)halves), Is.EqualTo((float)(Half)numbers[i]), $"float16 of {numbers[i]}");
            Assert.That(brain, Is.EqualTo((float)(BFloat16)numbers[i]), $"bfloat16 of {numbers[i]}");
        }
    }

    [Test]
    public void TensorCores_OnVolta_AreRefusedByTheBuilder()
    {
        KernelBuilder k = new("old", PtxTarget.Volta, Lanes);

        Assert.That(k.CommitAsync, Throws.InvalidOperationException.With.Message.Contains("compute capability 8.0"));
    }

    private static Value Bits(Value single) => single.As(RegisterType.UInt32);

    /// <summary>C and D are 16×8, row-major: a lane holds two neighbours in row lane / 4 and two in the row eight below.</summary>
    private static Value Corner(KernelBuilder k, int row, int start) => (((k.LocalId >> 2) + row) * 8) + ((k.LocalId & 3) * 2) + start;

    private static Value[] LoadC(KernelBuilder k, Memory memory, int start) =>
        [.. k.LoadVector(memory, Corner(k, 0, start), 2), .. k.LoadVector(memory, Corner(k, 8, start), 2)];

    private static void StoreResult(KernelBuilder k, Memory memory, Value[] result, int start)
    {
        k.StoreVector(memory, Corner(k, 0, start), [result[0], result[1]]);
        k.StoreVector(memory, Corner(k, 8, start), [result[2], result[3]]);
    }

    private static float[] Product(float[] x, float[] y, int rows, int columns, int inner, Func<int, int, float> c)
    {
        float[] product = new float[rows * columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                float sum = c(i, j);
                for (int p = 0; p < inner; p++)
                {
                    sum += x[(i * inner) + p] * y[(p * columns) + j];
                }

                product[(i * columns) + j] = sum;
            }
        }

        return product;
    }

    private static float[] Numbers(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.Next(-9, 10))];
    }

    private static byte[] Bytes(float[] numbers) => MemoryMarshal.AsBytes<float>(numbers).ToArray();

    private static float[] Singles(byte[] bytes) => MemoryMarshal.Cast<byte, float>(bytes).ToArray();

    private static byte[] Narrow(float[] numbers, bool brain) => brain
        ? MemoryMarshal.AsBytes<ushort>(numbers.Select(static number => (ushort)(BitConverter.SingleToUInt32Bits(number) >> 16)).ToArray()).ToArray()
        : MemoryMarshal.AsBytes<Half>(numbers.Select(static number => (Half)number).ToArray()).ToArray();
}
