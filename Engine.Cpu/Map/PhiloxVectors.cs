using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>Philox4x32-10 on four blocks at a time: the same numbers as <see cref="Philox"/>, for runs of consecutive elements.</summary>
internal static unsafe class PhiloxVectors
{
    private const uint MultiplierA = 0xD2511F53, MultiplierB = 0xCD9E8D57;
    private const uint WeylA = 0x9E3779B9, WeylB = 0xBB67AE85;
    private const int Rounds = 10, BlockElements = 4, StepElements = 16;

    /// <summary>tile[i] = the uniform number of element first + i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FillUniform(RandomKey key, long first, float* tile, nint count)
    {
        nint i = 0;
        if (Avx2.IsSupported)
        {
            nint head = (nint)Math.Min(count, -first & (BlockElements - 1));
            Philox.FillUniform(new Span<float>(tile, (int)head), key.Key0, key.Key1, key.Stream0, key.Stream1, first);
            for (i = head; i <= count - StepElements; i += StepElements)
            {
                FillStep(key, (ulong)(first + i) / BlockElements, tile + i);
            }
        }

        Philox.FillUniform(new Span<float>(tile + i, (int)(count - i)), key.Key0, key.Key1, key.Stream0, key.Stream1, first + i);
    }

    // Words are the lower halves of 64-bit lanes, where the multiplication wants them; the upper halves are not used.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillStep(RandomKey key, ulong block, float* tile)
    {
        Vector256<ulong> blocks = Vector256.Create(block) + Vector256<ulong>.Indices;
        Vector256<ulong> w0 = blocks, w1 = blocks >> 32, w2 = Vector256.Create((ulong)key.Stream0), w3 = Vector256.Create((ulong)key.Stream1);
        Vector256<uint> a = Vector256.Create(MultiplierA), b = Vector256.Create(MultiplierB);
        (uint key0, uint key1) = (key.Key0, key.Key1);
        for (int round = 0; round < Rounds; round++)
        {
            Vector256<ulong> productA = Avx2.Multiply(w0.AsUInt32(), a), productB = Avx2.Multiply(w2.AsUInt32(), b);
            w0 = (productB >> 32) ^ w1 ^ Vector256.Create((ulong)key0);
            w2 = (productA >> 32) ^ w3 ^ Vector256.Create((ulong)key1);
            w1 = productB;
            w3 = productA;
            unchecked
            {
                key0 += WeylA;
                key1 += WeylB;
            }
        }

        // Block j has its words in lane j of each: side by side they are w0, w1 of two blocks at a time.
        Vector256<float> pair01 = ToUniform(Interleave(w0, w1)), pair23 = ToUniform(Interleave(w2, w3));
        Vector256<double> low = Avx.UnpackLow(pair01.AsDouble(), pair23.AsDouble()), high = Avx.UnpackHigh(pair01.AsDouble(), pair23.AsDouble());
        Avx.Permute2x128(low, high, 0x20).AsSingle().Store(tile);
        Avx.Permute2x128(low, high, 0x31).AsSingle().Store(tile + 8);
    }

    // Lower halves of the lanes: even[j] in element 2j, odd[j] in element 2j + 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Interleave(Vector256<ulong> even, Vector256<ulong> odd)
        => ((even & Vector256.Create((ulong)uint.MaxValue)) | (odd << 32)).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> ToUniform(Vector256<uint> words)
        => Vector256.ConvertToSingle((words >> 8).AsInt32()) * Vector256.Create(1f / (1 << 24));
}
