using System.Runtime.CompilerServices;

namespace Engine.PtxInterpreter;

/// <summary>The element type of the factors of a matrix product.</summary>
internal enum MatrixFormat : byte
{
    Half,
    Brain,
    TensorFloat,
}

/// <summary>
/// mma.sync with 16 rows, 8 columns and single-precision sums: m16n8k16 and m16n8k8 of halves and bfloat16, m16n8k8 and m16n8k4 of tf32.
/// With g = lane / 4 and t = lane % 4: word w of A holds row g + 8·(w % 2) and the w / 2-th group of columns, word w of B the w-th
/// group of rows k and column g; a 16-bit word covers k = 2t, 2t + 1 of a group of eight, a 32-bit one k = t of a group of four.
/// D and C hold row g + 8·(i / 2), column 2t + i % 2.
/// </summary>
internal sealed unsafe class MatrixMultiply(MatrixFormat format, int depth, int[] d, int[] a, int[] b, int[] c) : WarpOperation
{
    private const int Rows = 16;
    private const int Columns = 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(Block block, int first, uint active)
    {
        CheckWhole(block, first, active);
        float* left = stackalloc float[Rows * 16];
        float* right = stackalloc float[16 * Columns];
        float* sums = stackalloc float[Rows * Columns];
        for (int lane = 0; lane < Size; lane++)
        {
            int g = lane / 4;
            int t = lane % 4;
            for (int w = 0; w < a.Length; w++)
            {
                Unpack(((uint*)(block.Frame + a[w]))[first + lane], left + ((g + (8 * (w % 2))) * depth), 1, w / 2, t);
            }

            for (int w = 0; w < b.Length; w++)
            {
                Unpack(((uint*)(block.Frame + b[w]))[first + lane], right + g, Columns, w, t);
            }

            for (int i = 0; i < 4; i++)
            {
                sums[((g + (8 * (i / 2))) * Columns) + (2 * t) + (i % 2)] = ((float*)(block.Frame + c[i]))[first + lane];
            }
        }

        for (int row = 0; row < Rows; row++)
        {
            for (int k = 0; k < depth; k++)
            {
                float factor = left[(row * depth) + k];
                for (int column = 0; column < Columns; column++)
                {
                    sums[(row * Columns) + column] = MathF.FusedMultiplyAdd(factor, right[(k * Columns) + column], sums[(row * Columns) + column]);
                }
            }
        }

        for (int lane = 0; lane < Size; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                ((float*)(block.Frame + d[i]))[first + lane] = sums[(((lane / 4) + (8 * (i / 2))) * Columns) + (2 * (lane % 4)) + (i % 2)];
            }
        }
    }

    private void Unpack(uint word, float* to, int stride, int group, int t)
    {
        switch (format)
        {
            case MatrixFormat.TensorFloat:
                // The hardware reads 19 bits.
                to[((4 * group) + t) * stride] = BitConverter.UInt32BitsToSingle(word & 0xFFFFE000);
                break;
            case MatrixFormat.Half:
                to[((8 * group) + (2 * t)) * stride] = HalfToSingle.Apply((ushort)word);
                to[((8 * group) + (2 * t) + 1) * stride] = HalfToSingle.Apply((ushort)(word >> 16));
                break;
            default:
                to[((8 * group) + (2 * t)) * stride] = BrainToSingle.Apply((ushort)word);
                to[((8 * group) + (2 * t) + 1) * stride] = BrainToSingle.Apply((ushort)(word >> 16));
                break;
        }
    }
}

/// <summary>
/// ldmatrix: the lanes 8i … 8i + 7 give the addresses of the eight rows (16 bytes each) of matrix i; lane l receives the elements
/// 2·(l % 4) and 2·(l % 4) + 1 of row l / 4 of every matrix, or of column l / 4 if it is transposed.
/// </summary>
internal sealed unsafe class LoadMatrix(int[] d, Address address, bool transposed) : WarpOperation
{
    protected override void Execute(Block block, int first, uint active)
    {
        CheckWhole(block, first, active);
        ushort* tile = stackalloc ushort[64];
        for (int matrix = 0; matrix < d.Length; matrix++)
        {
            for (int row = 0; row < 8; row++)
            {
                int owner = first + (8 * matrix) + row;
                ulong* from = (ulong*)block.Shared.Read(owner, address.At(block, owner), 16);
                ((ulong*)tile)[2 * row] = from[0];
                ((ulong*)tile)[(2 * row) + 1] = from[1];
            }

            uint* to = (uint*)(block.Frame + d[matrix]) + first;
            for (int lane = 0; lane < Size; lane++)
            {
                int major = lane / 4;
                int minor = 2 * (lane % 4);
                to[lane] = transposed
                    ? tile[(minor * 8) + major] | ((uint)tile[((minor + 1) * 8) + major] << 16)
                    : tile[(major * 8) + minor] | ((uint)tile[(major * 8) + minor + 1] << 16);
            }
        }
    }
}
