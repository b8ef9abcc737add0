using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>Transposes small squares of 4-byte elements in registers: whole cache lines are read and written, each once.</summary>
/// <remarks>
/// destination[j·destinationStride + i] = source[i·sourceStride + j]. Pairs of rows are interleaved by elements, then by pairs, then by
/// quarters of the vector.
/// </remarks>
internal static unsafe class TransposeBlock
{
    /// <summary>A square of 16×16, with AVX-512.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run16(float* source, nint sourceStride, float* destination, nint destinationStride)
    {
        Vector512<float> r0 = Vector512.Load(source);
        Vector512<float> r1 = Vector512.Load(source + (1 * sourceStride));
        Vector512<float> r2 = Vector512.Load(source + (2 * sourceStride));
        Vector512<float> r3 = Vector512.Load(source + (3 * sourceStride));
        Vector512<float> r4 = Vector512.Load(source + (4 * sourceStride));
        Vector512<float> r5 = Vector512.Load(source + (5 * sourceStride));
        Vector512<float> r6 = Vector512.Load(source + (6 * sourceStride));
        Vector512<float> r7 = Vector512.Load(source + (7 * sourceStride));
        Vector512<float> r8 = Vector512.Load(source + (8 * sourceStride));
        Vector512<float> r9 = Vector512.Load(source + (9 * sourceStride));
        Vector512<float> r10 = Vector512.Load(source + (10 * sourceStride));
        Vector512<float> r11 = Vector512.Load(source + (11 * sourceStride));
        Vector512<float> r12 = Vector512.Load(source + (12 * sourceStride));
        Vector512<float> r13 = Vector512.Load(source + (13 * sourceStride));
        Vector512<float> r14 = Vector512.Load(source + (14 * sourceStride));
        Vector512<float> r15 = Vector512.Load(source + (15 * sourceStride));

        Vector512<double> a0 = Wide.UnpackLow(r0, r1).AsDouble(), a1 = Wide.UnpackHigh(r0, r1).AsDouble();
        Vector512<double> a2 = Wide.UnpackLow(r2, r3).AsDouble(), a3 = Wide.UnpackHigh(r2, r3).AsDouble();
        Vector512<double> a4 = Wide.UnpackLow(r4, r5).AsDouble(), a5 = Wide.UnpackHigh(r4, r5).AsDouble();
        Vector512<double> a6 = Wide.UnpackLow(r6, r7).AsDouble(), a7 = Wide.UnpackHigh(r6, r7).AsDouble();
        Vector512<double> a8 = Wide.UnpackLow(r8, r9).AsDouble(), a9 = Wide.UnpackHigh(r8, r9).AsDouble();
        Vector512<double> a10 = Wide.UnpackLow(r10, r11).AsDouble(), a11 = Wide.UnpackHigh(r10, r11).AsDouble();
        Vector512<double> a12 = Wide.UnpackLow(r12, r13).AsDouble(), a13 = Wide.UnpackHigh(r12, r13).AsDouble();
        Vector512<double> a14 = Wide.UnpackLow(r14, r15).AsDouble(), a15 = Wide.UnpackHigh(r14, r15).AsDouble();

        Vector512<float> b0 = Wide.UnpackLow(a0, a2).AsSingle(), b1 = Wide.UnpackHigh(a0, a2).AsSingle();
        Vector512<float> b2 = Wide.UnpackLow(a1, a3).AsSingle(), b3 = Wide.UnpackHigh(a1, a3).AsSingle();
        Vector512<float> b4 = Wide.UnpackLow(a4, a6).AsSingle(), b5 = Wide.UnpackHigh(a4, a6).AsSingle();
        Vector512<float> b6 = Wide.UnpackLow(a5, a7).AsSingle(), b7 = Wide.UnpackHigh(a5, a7).AsSingle();
        Vector512<float> b8 = Wide.UnpackLow(a8, a10).AsSingle(), b9 = Wide.UnpackHigh(a8, a10).AsSingle();
        Vector512<float> b10 = Wide.UnpackLow(a9, a11).AsSingle(), b11 = Wide.UnpackHigh(a9, a11).AsSingle();
        Vector512<float> b12 = Wide.UnpackLow(a12, a14).AsSingle(), b13 = Wide.UnpackHigh(a12, a14).AsSingle();
        Vector512<float> b14 = Wide.UnpackLow(a13, a15).AsSingle(), b15 = Wide.UnpackHigh(a13, a15).AsSingle();

        Vector512<float> c00 = Wide.ShuffleQuarters(b0, b4, 0x88), c01 = Wide.ShuffleQuarters(b0, b4, 0xDD);
        Vector512<float> d00 = Wide.ShuffleQuarters(b8, b12, 0x88), d01 = Wide.ShuffleQuarters(b8, b12, 0xDD);
        Vector512<float> c10 = Wide.ShuffleQuarters(b1, b5, 0x88), c11 = Wide.ShuffleQuarters(b1, b5, 0xDD);
        Vector512<float> d10 = Wide.ShuffleQuarters(b9, b13, 0x88), d11 = Wide.ShuffleQuarters(b9, b13, 0xDD);
        Vector512<float> c20 = Wide.ShuffleQuarters(b2, b6, 0x88), c21 = Wide.ShuffleQuarters(b2, b6, 0xDD);
        Vector512<float> d20 = Wide.ShuffleQuarters(b10, b14, 0x88), d21 = Wide.ShuffleQuarters(b10, b14, 0xDD);
        Vector512<float> c30 = Wide.ShuffleQuarters(b3, b7, 0x88), c31 = Wide.ShuffleQuarters(b3, b7, 0xDD);
        Vector512<float> d30 = Wide.ShuffleQuarters(b11, b15, 0x88), d31 = Wide.ShuffleQuarters(b11, b15, 0xDD);

        Wide.ShuffleQuarters(c00, d00, 0x88).Store(destination + (0 * destinationStride));
        Wide.ShuffleQuarters(c01, d01, 0x88).Store(destination + (4 * destinationStride));
        Wide.ShuffleQuarters(c00, d00, 0xDD).Store(destination + (8 * destinationStride));
        Wide.ShuffleQuarters(c01, d01, 0xDD).Store(destination + (12 * destinationStride));
        Wide.ShuffleQuarters(c10, d10, 0x88).Store(destination + (1 * destinationStride));
        Wide.ShuffleQuarters(c11, d11, 0x88).Store(destination + (5 * destinationStride));
        Wide.ShuffleQuarters(c10, d10, 0xDD).Store(destination + (9 * destinationStride));
        Wide.ShuffleQuarters(c11, d11, 0xDD).Store(destination + (13 * destinationStride));
        Wide.ShuffleQuarters(c20, d20, 0x88).Store(destination + (2 * destinationStride));
        Wide.ShuffleQuarters(c21, d21, 0x88).Store(destination + (6 * destinationStride));
        Wide.ShuffleQuarters(c20, d20, 0xDD).Store(destination + (10 * destinationStride));
        Wide.ShuffleQuarters(c21, d21, 0xDD).Store(destination + (14 * destinationStride));
        Wide.ShuffleQuarters(c30, d30, 0x88).Store(destination + (3 * destinationStride));
        Wide.ShuffleQuarters(c31, d31, 0x88).Store(destination + (7 * destinationStride));
        Wide.ShuffleQuarters(c30, d30, 0xDD).Store(destination + (11 * destinationStride));
        Wide.ShuffleQuarters(c31, d31, 0xDD).Store(destination + (15 * destinationStride));
    }

    /// <summary>A square of 8×8; needs AVX.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run8(float* source, nint sourceStride, float* destination, nint destinationStride)
    {
        Vector256<float> r0 = Vector256.Load(source);
        Vector256<float> r1 = Vector256.Load(source + (1 * sourceStride));
        Vector256<float> r2 = Vector256.Load(source + (2 * sourceStride));
        Vector256<float> r3 = Vector256.Load(source + (3 * sourceStride));
        Vector256<float> r4 = Vector256.Load(source + (4 * sourceStride));
        Vector256<float> r5 = Vector256.Load(source + (5 * sourceStride));
        Vector256<float> r6 = Vector256.Load(source + (6 * sourceStride));
        Vector256<float> r7 = Vector256.Load(source + (7 * sourceStride));

        Vector256<double> a0 = Avx.UnpackLow(r0, r1).AsDouble(), a1 = Avx.UnpackHigh(r0, r1).AsDouble();
        Vector256<double> a2 = Avx.UnpackLow(r2, r3).AsDouble(), a3 = Avx.UnpackHigh(r2, r3).AsDouble();
        Vector256<double> a4 = Avx.UnpackLow(r4, r5).AsDouble(), a5 = Avx.UnpackHigh(r4, r5).AsDouble();
        Vector256<double> a6 = Avx.UnpackLow(r6, r7).AsDouble(), a7 = Avx.UnpackHigh(r6, r7).AsDouble();

        Vector256<float> b0 = Avx.UnpackLow(a0, a2).AsSingle(), b1 = Avx.UnpackHigh(a0, a2).AsSingle();
        Vector256<float> b2 = Avx.UnpackLow(a1, a3).AsSingle(), b3 = Avx.UnpackHigh(a1, a3).AsSingle();
        Vector256<float> b4 = Avx.UnpackLow(a4, a6).AsSingle(), b5 = Avx.UnpackHigh(a4, a6).AsSingle();
        Vector256<float> b6 = Avx.UnpackLow(a5, a7).AsSingle(), b7 = Avx.UnpackHigh(a5, a7).AsSingle();

        Avx.Permute2x128(b0, b4, 0x20).Store(destination + (0 * destinationStride));
        Avx.Permute2x128(b0, b4, 0x31).Store(destination + (4 * destinationStride));
        Avx.Permute2x128(b1, b5, 0x20).Store(destination + (1 * destinationStride));
        Avx.Permute2x128(b1, b5, 0x31).Store(destination + (5 * destinationStride));
        Avx.Permute2x128(b2, b6, 0x20).Store(destination + (2 * destinationStride));
        Avx.Permute2x128(b2, b6, 0x31).Store(destination + (6 * destinationStride));
        Avx.Permute2x128(b3, b7, 0x20).Store(destination + (3 * destinationStride));
        Avx.Permute2x128(b3, b7, 0x31).Store(destination + (7 * destinationStride));
    }
}
