using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>The instruction sets that the processor itself reports, whatever the program was compiled for.</summary>
/// <remarks>
/// The runtime's own answers (<c>Vector512.IsHardwareAccelerated</c>, <c>Avx2.IsSupported</c>) are constants of the code in a program that is
/// compiled natively. The instruction CPUID is not.
/// </remarks>
internal static class ProcessorIsa
{
    private const int Fma = 1 << 12, XSave = 1 << 27, Avx = 1 << 28;
    private const int Avx2 = 1 << 5, Avx512F = 1 << 16, Avx512DQ = 1 << 17, Avx512CD = 1 << 28, Avx512BW = 1 << 30, Avx512VL = 1 << 31;
    private const int Avx512 = Avx512F | Avx512DQ | Avx512CD | Avx512BW | Avx512VL;

    /// <summary>Leaf 13 has the offset of each part of the vector state in the save area, and the length of the area in use.</summary>
    private const int SaveArea = 0xD, WideHalves = 2, UpperRegisters = 7;

    /// <summary>The widest vectors that the processor has and the operating system keeps, or null where the processor does not say.</summary>
    public static SimdLevel? Widest() =>
        X86Base.IsSupported ? Widest(static (leaf, part) => X86Base.CpuId(leaf, part)) : null;

    /// <param name="cpuId">The registers for a leaf and a part of it.</param>
    internal static SimdLevel Widest(Func<int, int, (int Eax, int Ebx, int Ecx, int Edx)> cpuId)
    {
        int leaves = cpuId(0, 0).Eax;
        if (leaves < SaveArea || !Has(cpuId(1, 0).Ecx, Fma | XSave | Avx) || !Has(cpuId(7, 0).Ebx, Avx2) || !IsSaved(WideHalves))
        {
            return SimdLevel.Vector128;
        }

        return Has(cpuId(7, 0).Ebx, Avx512) && IsSaved(UpperRegisters) ? SimdLevel.Vector512 : SimdLevel.Vector256;

        // The system saves a part if the area in use reaches to the part's end.
        bool IsSaved(int part)
        {
            (int size, int offset, _, _) = cpuId(SaveArea, part);
            return size > 0 && (uint)cpuId(SaveArea, 0).Ebx >= (uint)(offset + size);
        }
    }

    private static bool Has(int register, int bits) => (register & bits) == bits;
}
