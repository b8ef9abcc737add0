using System.Numerics;

namespace Engine.Cpu;

/// <summary>How one matrix product is computed. Follows from sizes and strides only: never from addresses, nor from the number of threads.</summary>
internal readonly record struct GemmPlan
{
    /// <summary>Rows that begin a multiple of this apart compete for the same sets of a first-level cache when they are read side by side.</summary>
    private const int ConflictBytes = 2048;

    /// <summary>A transposed A is spread over as many cache lines as it has columns; up to this size it is still read in place.</summary>
    private const int TransposedInPlaceBytes = 64 << 10;

    /// <summary>An operand this small stays in the second-level cache, where its rows are read as fast as panels.</summary>
    private const int InPlaceBytes = 1 << 20;

    /// <summary>Where A streams past panels of B, B has to be packed; only as little as this is left in place, and streams: packing it took sgemm/128 from 90 to 87 GFLOP/s.</summary>
    private const int SmallInPlaceBytes = 128 << 10;

    /// <summary>Rows of C up to which packing B costs more than it gains.</summary>
    private const int FewRows = 48;

    /// <summary>Rows of C up to which a long B, whose blocks are that small, is left in place: sgemm/64x10000x64 took 0.89 ms instead of 1.03 on Zen 3, 128 rows as long either way.</summary>
    private const int SomeRows = 96;

    /// <summary>Rows or columns of C up to which dot products can beat packing B.</summary>
    private const int DotRows = 24;

    /// <summary>Terms from which the horizontal sums of dot products pay at all, and for each row: 1 × 64, 8 × 256 and 24 × 784 are about even.</summary>
    private const int DotTerms = 64, DotTermsPerRow = 32;

    /// <summary>Dot products, see <see cref="DotGemm{T, TVec}"/>; otherwise blocks, see <see cref="BlockedGemm{T, TVec}"/>.</summary>
    public bool Dots { get; init; }

    /// <summary>Copy A into panels instead of reading it where it lies.</summary>
    public bool PackA { get; init; }

    /// <summary>Copy B into panels instead of reading it where it lies.</summary>
    public bool PackB { get; init; }

    /// <summary>B is read where it lies, and its strips find room in the first-level cache, so that A can stream past them.</summary>
    public bool StripsStay { get; init; }

    /// <summary>The plan for a product in the form that <see cref="GemmProblem{T}.Normalized"/> gives it.</summary>
    public static unsafe GemmPlan For<T, TVec>(in GemmProblem<T> p)
        where T : unmanaged, INumberBase<T>
        where TVec : struct, ISimd<TVec>
    {
        bool bAlongK = p.BRow == 1 && (p.BColumn != 1 || p.N == 1);
        int fewest = p.AColumn == 1 ? Math.Min(p.M, p.N) : p.M;
        if (bAlongK && fewest <= DotRows && p.K >= Math.Max(DotTerms, DotTermsPerRow * fewest))
        {
            return new GemmPlan { Dots = true };
        }
        bool aLies = p.AColumn == 1
            ? p.ARow * sizeof(T) % ConflictBytes != 0 || p.M == 1
            : p.ARow == 1 && (long)p.M * p.K * sizeof(T) <= TransposedInPlaceBytes;
        bool streamsA = GemmBlocks.StreamsAOf<T, TVec>();
        // Rows of B that begin in the same sets of a cache stay in none, so that each tile of rows would fetch them anew.
        bool conflicts = p.BRow * sizeof(T) % (2 * ConflictBytes) == 0, isSmall = (long)p.N * p.K * sizeof(T) <= (streamsA ? SmallInPlaceBytes : InPlaceBytes);
        bool isShort = p.M <= SomeRows && (long)p.N * GemmBlocks.For<T, TVec>(p.M, p.N, p.K).Terms * sizeof(T) <= SmallInPlaceBytes;
        bool bLies = p.BColumn == 1 && (p.M <= GemmKernels<T, TVec>.PanelRows || ((p.M <= FewRows || isSmall || isShort) && !conflicts));
        // Rows an odd number of cache lines apart begin in all sets in turn. Otherwise B streams past each panel of A anew, from the cache that holds it: infer/lstm_2x256.
        bool spreads = p.BRow * sizeof(T) % (2 * CacheSizes.Line) == CacheSizes.Line;
        return new GemmPlan { PackA = !aLies, PackB = !bLies, StripsStay = streamsA && bLies && spreads };
    }
}
