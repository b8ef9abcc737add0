using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// A window of an image copied channel last, with zeros where it lies outside: pixels[(row·Columns + column)·pitch + channel].
/// </summary>
internal readonly unsafe struct PixelCopy<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Channels that are transposed together: each is a stream of its own, and the prefetcher can follow this many.</summary>
    public const int ChannelsAtATime = 16;

    /// <summary>Rows and columns of the image.</summary>
    public required int InRows { get; init; }

    /// <inheritdoc cref="InRows"/>
    public required int InColumns { get; init; }

    /// <summary>First column of the window; may be negative.</summary>
    public required int FirstColumn { get; init; }

    /// <summary>Columns of the window.</summary>
    public required int Columns { get; init; }

    /// <summary>Values between neighbouring pixels, at least the number of channels.</summary>
    public required nint Pitch { get; init; }

    /// <summary>Copies rows [firstRow, firstRow + rows) of <paramref name="channels"/> planes. Values between channels and pitch stay as they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(T* planes, int channels, nint firstRow, int rows, T* pixels)
    {
        nint rowSize = Columns * Pitch;
        int begin = Math.Clamp(-FirstColumn, 0, Columns), end = Math.Clamp(InColumns - FirstColumn, begin, Columns);
        int above = (int)Math.Clamp(-firstRow, 0, rows), inside = (int)Math.Clamp(InRows - firstRow, above, rows) - above;
        Clear(pixels, above * rowSize);
        Clear(pixels + (above + inside) * rowSize, (rows - above - inside) * rowSize);
        T* source = planes + (firstRow + above) * InColumns + FirstColumn + begin;
        nint plane = (nint)InRows * InColumns;
        pixels += above * rowSize;
        if (end - begin < Columns)
        {
            for (int i = 0; i < inside; i++)
            {
                Clear(pixels + i * rowSize, begin * Pitch);
                Clear(pixels + i * rowSize + end * Pitch, (Columns - end) * Pitch);
            }
        }

        bool flat = Columns == InColumns && end - begin == Columns;
        for (int c = 0; c < channels; c += ChannelsAtATime)
        {
            int some = Math.Min(ChannelsAtATime, channels - c);
            if (flat)
            {
                Transpose<T, TVec>.Copy(source + c * plane, plane, some, inside * Columns, pixels + c, Pitch, fetchesNext: true);
            }
            else
            {
                for (int i = 0; i < inside; i++)
                {
                    Transpose<T, TVec>.Copy(source + c * plane + (nint)i * InColumns, plane, some, end - begin, pixels + i * rowSize + begin * Pitch + c, Pitch);
                }
            }
        }
    }

    private static void Clear(T* target, nint count)
    {
        if (count > 0)
        {
            Unsafe.InitBlockUnaligned(target, 0, checked((uint)(count * sizeof(T))));
        }
    }
}
