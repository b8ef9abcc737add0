namespace Engine.PtxInterpreter;

/// <summary>The first factor of a warpgroup's product in registers: 64 rows, each warp 16 of them, four words a thread.</summary>
/// <remarks>
/// Of warp w, lane l, word i holds row 16·w + l / 4 + 8·(i % 2). In formats of 16 bits it has the depths 2·(l % 4) + 8·(i / 2) and the next, in tf32 the depth l % 4 + 4·(i / 2).
/// A card may read the registers at any time until the product was waited for: they must not change.
/// </remarks>
internal sealed unsafe class RegisterMatrix(MatrixFormat format, int[] registers)
{
    private const int RowsOfWarp = 16, HalfRows = 8, LanesOfRow = 4;

    private readonly uint[] _words = new uint[registers.Length * WarpgroupProducts.Size];

    /// <summary>Remembers what the registers hold.</summary>
    public RegisterMatrix Take(Block block, int first)
    {
        for (int i = 0; i < registers.Length; i++)
        {
            new Span<uint>((uint*)(block.Frame + registers[i]) + first, WarpgroupProducts.Size).CopyTo(_words.AsSpan(i * WarpgroupProducts.Size));
        }

        return this;
    }

    /// <summary>The factors, [64, depth].</summary>
    public float[] Read(Block block, int first, int depth)
    {
        float[] values = new float[WarpgroupProducts.Size / WarpOperation.Size * RowsOfWarp * depth];
        for (int i = 0; i < registers.Length; i++)
        {
            uint* column = (uint*)(block.Frame + registers[i]) + first;
            for (int thread = 0; thread < WarpgroupProducts.Size; thread++)
            {
                uint word = column[thread];
                if (word != _words[(i * WarpgroupProducts.Size) + thread])
                {
                    block.Fault(PtxFaultKind.AsyncOrder, first + thread, "changed a register that a product which is under way multiplies");
                }

                int lane = thread % WarpOperation.Size, row = (thread / WarpOperation.Size * RowsOfWarp) + (lane / LanesOfRow) + (i % 2 * HalfRows);
                Span<float> line = values.AsSpan(row * depth, depth);
                int half = i / 2 * (depth / 2);
                if (format == MatrixFormat.TensorFloat)
                {
                    // The hardware reads 19 bits.
                    line[half + (lane % LanesOfRow)] = BitConverter.UInt32BitsToSingle(word & 0xFFFFE000);
                    continue;
                }

                int at = half + (2 * (lane % LanesOfRow));
                (line[at], line[at + 1]) = (Single((ushort)word), Single((ushort)(word >> 16)));
            }
        }

        return values;
    }

    private float Single(ushort bits) => format == MatrixFormat.Half ? HalfToSingle.Apply(bits) : BrainToSingle.Apply(bits);
}
