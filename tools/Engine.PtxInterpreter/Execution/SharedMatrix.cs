namespace Engine.PtxInterpreter;

/// <summary>A factor of a warpgroup's product in shared memory, as a matrix descriptor says where it lies.</summary>
/// <remarks>
/// Bits 0–13 of a descriptor are the start, 16–29 the leading offset, 32–45 the stride offset, all in units of 16 bytes; 49–51 the base offset; 62–63 the swizzling mode,
/// of which only that of 128 bytes is known here. In it rows of 128 bytes lie eight to a block of 1024. Along the depth (K-major) a row of the matrix has 128 bytes, and the
/// next eight rows begin a stride offset further. Along the rows (MN-major) 128 bytes hold 64 rows of one depth, the next eight depths begin a stride offset further and the next 64
/// rows a leading offset. Then bits 4–6 of each address are xored with its bits 7–9.
/// </remarks>
internal readonly unsafe struct SharedMatrix
{
    private const int RowBytes = 128;
    private const int BlockRows = 8;
    private const ulong Reserved = ~(0x3FFFUL | (0x3FFFUL << 16) | (0x3FFFUL << 32) | (7UL << 49) | (3UL << 62));

    private readonly MatrixFormat _format;
    private readonly bool _isAlongRows;
    private readonly int _start, _leading, _stride;

    public SharedMatrix(Block block, int thread, ulong descriptor, MatrixFormat format, bool isAlongRows)
    {
        (_format, _isAlongRows) = (format, isAlongRows);
        (_start, _leading, _stride) = (Field(descriptor, 0), Field(descriptor, 16), Field(descriptor, 32));
        if ((descriptor & Reserved) != 0)
        {
            block.Fault(PtxFaultKind.BadDescriptor, thread, $"names a matrix by 0x{descriptor:x16}, which has bits that mean nothing");
        }

        if (descriptor >> 62 != 1 || (descriptor >> 49 & 7) != 0)
        {
            block.Fault(PtxFaultKind.BadDescriptor, thread, $"names a matrix by 0x{descriptor:x16}; only swizzling by 128 bytes with base offset 0 is supported");
        }

        if ((_start & 0x380) != 0 || _stride % (RowBytes * BlockRows) != 0 || (isAlongRows && _leading % (RowBytes * BlockRows) != 0))
        {
            block.Fault(PtxFaultKind.BadDescriptor, thread, $"names a matrix by 0x{descriptor:x16}, whose blocks do not begin at multiples of {RowBytes * BlockRows} bytes");
        }
    }

    private int ElementBytes => _format == MatrixFormat.TensorFloat ? 4 : 2;

    /// <summary>Whether nobody writes it and all of it is visible to the unit that multiplies.</summary>
    public void Check(Block block, int thread, int rows, int depth)
    {
        int outer = _isAlongRows ? depth : rows, inner = (_isAlongRows ? rows : depth) * ElementBytes;
        for (int i = 0; i < outer; i++)
        {
            for (int at = 0; at < inner; at += 16)
            {
                block.Shared.ReadAsync(thread, (ulong)Address(i, at), 16);
            }
        }
    }

    /// <summary>The factors, [rows, depth].</summary>
    public float[] Read(Block block, int thread, int rows, int depth)
    {
        Check(block, thread, rows, depth);
        float[] values = new float[rows * depth];
        for (int row = 0; row < rows; row++)
        {
            for (int k = 0; k < depth; k++)
            {
                byte* from = block.Shared.Bytes + (_isAlongRows ? Address(k, row * ElementBytes) : Address(row, k * ElementBytes));
                values[(row * depth) + k] = _format switch
                {
                    // The hardware reads 19 bits.
                    MatrixFormat.TensorFloat => BitConverter.UInt32BitsToSingle(*(uint*)from & 0xFFFFE000),
                    MatrixFormat.Half => HalfToSingle.Apply(*(ushort*)from),
                    _ => BrainToSingle.Apply(*(ushort*)from),
                };
            }
        }

        return values;
    }

    private static int Field(ulong descriptor, int shift) => (int)(descriptor >> shift & 0x3FFF) << 4;

    /// <summary>The address of a byte of a line along the direction in which the matrix is contiguous.</summary>
    private int Address(int line, int bytes)
    {
        int address = _start + (line % BlockRows * RowBytes) + (line / BlockRows * _stride) + (_isAlongRows ? (bytes / RowBytes * _leading) + (bytes % RowBytes) : bytes);
        return address ^ ((address >> 7 & 7) << 4);
    }
}
