using System.Numerics;

namespace Engine.Cpu;

/// <summary>The sizes of a product's cache blocks.</summary>
/// <remarks>
/// <code>
/// for each chunk of rows and of columns, for each block of terms:    both operands packed, by all threads
///     for each block of the streamed operand:                        stays in the second-level cache
///         for each panel of the other operand:                       stays in the first-level cache
///             for each panel of the block: a register tile           streams past
/// </code>
/// <para>The panel that stays is the one that fills the first-level cache better. A tile of 6 × 2 vectors of 256 bits reads 64 bytes of B and 24 of A for a term,
/// so a panel of B stays and A streams past at 4 bytes a cycle. At 512 bits a panel of B is 192 bytes wide, too wide to be deep; so A stays.</para>
/// </remarks>
internal readonly record struct GemmBlocks
{
    /// <summary>Depth of a panel of B that stays: three quarters of a first-level cache of 32 KiB. 256 to 512 terms differ by 4 %.</summary>
    private const int StreamingATerms = 384;

    /// <summary>A panel of 8 rows this deep takes 12 KiB and stays in the first-level cache while panels of B of 72 KiB pass; 1 and 1.5 KiB a row differ by less than 5 %.</summary>
    private const int StreamingBTermBytes = 1536;

    /// <summary>
    /// The block that streams takes 5/8 of the second-level cache. At 512 KiB a block of A of 320 KiB is 2 to 4 % faster than one of 192; at 1 MiB
    /// blocks of B from 384 to 640 KiB differ by less than 3 %.
    /// </summary>
    private static readonly int s_streamedBytes = (int)Math.Clamp(CacheSizes.SecondLevel * 5 / 8, 128 << 10, 640 << 10);

    /// <summary>Rows and columns that are packed at once: 6 MiB at most of each operand, a share of the last-level cache.</summary>
    private const int MostRows = 3072, MostColumns = 3072;

    /// <summary>What threads pack before they multiply: a share of the last-level cache.</summary>
    private const int PackedBytes = 8 << 20;

    /// <summary>Terms of a block. Follows from K and the vectors only: each block is one chain of multiply-adds, and rounding shows where it ends.</summary>
    public int Terms { get; private init; }

    /// <summary>Rows of a chunk.</summary>
    public int ChunkRows { get; private init; }

    /// <summary>Columns of a chunk.</summary>
    public int ChunkColumns { get; private init; }

    /// <summary>Rows or columns of the block that stays in the second-level cache.</summary>
    public int Streamed { get; private init; }

    /// <summary>Where A streams: columns of the panels of B that stay in the first-level cache together. Short panels stay in numbers, so that rows of C are written in long pieces.</summary>
    public int Staying { get; private init; }

    /// <summary>Columns of a panel of B.</summary>
    public int PanelColumns { get; private init; }

    /// <summary>Whether A streams past panels of B, or B past panels of A.</summary>
    public bool StreamsA { get; private init; }

    /// <summary>Whether A streams past panels of B with these vectors.</summary>
    public static unsafe bool StreamsAOf<T, TVec>()
        where T : unmanaged, INumberBase<T>
        where TVec : struct, ISimd<TVec>
        => TVec.Count * sizeof(T) < 64;

    /// <summary>The blocks of a product of M × N × K, all at least 1.</summary>
    public static unsafe GemmBlocks For<T, TVec>(int m, int n, int k)
        where T : unmanaged, INumberBase<T>
        where TVec : struct, ISimd<TVec>
    {
        int panelRows = GemmKernels<T, TVec>.PanelRows, panelColumns = GemmKernels<T, TVec>.PanelColumnsOf(n);
        bool streamsA = StreamsAOf<T, TVec>();
        int terms = Even(k, streamsA ? StreamingATerms : StreamingBTermBytes / sizeof(T), 4);
        int most = Math.Max(1, s_streamedBytes / sizeof(T) / terms);
        return new GemmBlocks
        {
            StreamsA = streamsA,
            PanelColumns = panelColumns,
            Terms = terms,
            ChunkRows = Even(m, MostRows, panelRows),
            ChunkColumns = Even(n, MostColumns, panelColumns),
            Staying = Math.Max(1, StreamingATerms / terms) * panelColumns,
            Streamed = streamsA ? Math.Max(1, most / panelRows) * panelRows : Math.Max(1, most / panelColumns) * panelColumns,
        };
    }

    /// <summary>How many blocks of terms threads pack before they multiply, if each block takes so many bytes: threads wait for each other twice every time.</summary>
    public static int Together(nint bytes) => (int)Math.Max(1, PackedBytes / Math.Max(1, bytes));

    /// <summary>Blocks of equal size, a multiple of <paramref name="unit"/>, and no more of them than blocks of <paramref name="most"/> would be.</summary>
    public static int Even(int total, int most, int unit)
    {
        int blocks = (total - 1) / most + 1;
        int size = (total - 1) / blocks + 1;
        return (size + unit - 1) / unit * unit;
    }
}
