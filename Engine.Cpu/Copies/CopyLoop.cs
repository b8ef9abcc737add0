using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>Runs a share of a copy: rows, pieces of one long row, or bands of a transposition.</summary>
internal readonly unsafe struct CopyLoop(CopyPlan* plan, SimdLevel level, int parts) : IParallelBody
{
    /// <summary>Side of the square that is walked as one, so that the pages of 64 rows stay in the first-level TLB.</summary>
    private const int Band = 64;

    /// <summary>Units of work: a row, or a band of <see cref="Band"/> columns of each matrix.</summary>
    public static long Units(in CopyPlan plan)
    {
        IterationSpace space = plan.Space;
        if (!plan.Transposes)
        {
            return space.Count;
        }
        long columns = space.Size(space.Rank - 2);
        return space.Count / (columns * space.InnerSize) * ((columns + Band - 1) / Band);
    }

    public void Run(int part, int worker)
    {
        if (plan->Transposes)
        {
            RunTranspositions(part);
        }
        else
        {
            RunRows(part);
        }
    }

    private void RunRows(int part)
    {
        int outer = Math.Max(0, plan->Space.Rank - 1);
        long inner = plan->Space.InnerSize, count = plan->Space.Count;
        nint sourceStride = plan->SourceStride(1), destinationStride = plan->DestinationStride(1);
        long end = count * (part + 1) / parts;
        for (long i = count * part / parts; i < end;)
        {
            (long row, long column) = Math.DivRem(i, inner);
            nint length = (nint)Math.Min(inner - column, end - i);
            byte* source = plan->SourceAt(row, outer) + (column * sourceStride * plan->ElementBytes);
            byte* destination = plan->DestinationAt(row, outer) + (column * destinationStride * plan->ElementBytes);
            if (plan->Streams)
            {
                StreamedCopy.Run(source, destination, length * plan->ElementBytes);
            }
            else
            {
                TileTransfer.Copy(plan->ElementBytes, source, sourceStride, destination, destinationStride, length);
            }

            i += length;
        }

        if (plan->Streams)
        {
            Streaming.End();
        }
    }

    private void RunTranspositions(int part)
    {
        int outer = plan->Space.Rank - 2;
        long columns = plan->Space.Size(outer), rows = plan->Space.InnerSize, bands = (columns + Band - 1) / Band, units = Units(*plan);
        long end = units * (part + 1) / parts;
        for (long unit = units * part / parts; unit < end; unit++)
        {
            (long matrix, long band) = Math.DivRem(unit, bands);
            long first = band * Band;
            byte* source = plan->SourceAt(matrix, outer) + (first * plan->ElementBytes);
            byte* destination = plan->DestinationAt(matrix, outer) + (first * plan->DestinationStride(2) * plan->ElementBytes);
            for (long row = 0; row < rows; row += Band)
            {
                Square(
                    source + (row * plan->SourceStride(1) * plan->ElementBytes), destination + (row * plan->ElementBytes),
                    (int)Math.Min(Band, rows - row), (int)Math.Min(Band, columns - first));
            }
        }
    }

    private void Square(byte* source, byte* destination, int rows, int columns)
    {
        nint sourceStride = plan->SourceStride(1), destinationStride = plan->DestinationStride(2);
        switch (plan->ElementBytes)
        {
            case 1: Elements((byte*)source, sourceStride, (byte*)destination, destinationStride, 0, rows, 0, columns); break;
            case 2: Elements((short*)source, sourceStride, (short*)destination, destinationStride, 0, rows, 0, columns); break;
            case 4: Blocks((float*)source, sourceStride, (float*)destination, destinationStride, rows, columns); break;
            default: Elements((double*)source, sourceStride, (double*)destination, destinationStride, 0, rows, 0, columns); break;
        }
    }

    private void Blocks(float* source, nint sourceStride, float* destination, nint destinationStride, int rows, int columns)
    {
        int side = level == SimdLevel.Vector512 ? 16 : level == SimdLevel.Vector256 && Avx.IsSupported ? 8 : 1;
        int wholeRows = side == 1 ? 0 : rows / side * side, wholeColumns = side == 1 ? 0 : columns / side * side;
        for (int column = 0; column < wholeColumns; column += side)
        {
            for (int row = 0; row < wholeRows; row += side)
            {
                float* from = source + (row * sourceStride) + column, to = destination + (column * destinationStride) + row;
                if (side == 16)
                {
                    TransposeBlock.Run16(from, sourceStride, to, destinationStride);
                }
                else
                {
                    TransposeBlock.Run8(from, sourceStride, to, destinationStride);
                }
            }
        }

        Elements(source, sourceStride, destination, destinationStride, wholeRows, rows, 0, wholeColumns);
        Elements(source, sourceStride, destination, destinationStride, 0, rows, wholeColumns, columns);
    }

    private static void Elements<T>(T* source, nint sourceStride, T* destination, nint destinationStride, int row, int rows, int column, int columns)
        where T : unmanaged
    {
        for (int c = column; c < columns; c++)
        {
            T* from = source + c, to = destination + (c * destinationStride);
            for (int r = row; r < rows; r++)
            {
                to[r] = from[r * sourceStride];
            }
        }
    }
}
