using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Outputs of an item of <see cref="PanelConvolution{T,TVec}"/>, as the columns of one product: column image·Run + f of channel k lies at Output + image·ImageStep + k·Pitch + f.</summary>
internal readonly unsafe struct PanelOutput<T, TVec>
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>The panel of weights that the first channel begins.</summary>
    public int FirstPanel { get; init; }

    /// <summary>Output channels.</summary>
    public int Channels { get; init; }

    /// <summary>Outputs of an image in a channel, which lie side by side.</summary>
    public int Run { get; init; }

    /// <summary>Number of images.</summary>
    public int Images { get; init; }

    /// <summary>The first output.</summary>
    public T* Output { get; init; }

    /// <summary>Values from image to image.</summary>
    public nint ImageStep { get; init; }

    /// <summary>Values from channel to channel.</summary>
    public nint Pitch { get; init; }

    private static int PanelRows => GemmKernels<T, TVec>.PanelRows;

    private static int PanelColumns => GemmKernels<T, TVec>.PanelColumns;

    /// <summary>Some output channels of the outputs of one panel.</summary>
    public void Multiply(in GemmTile<T> tile, T* weights, int row, int rows, int column, int width)
    {
        int image = column / Run, within = column - image * Run;
        T* output = Output + image * ImageStep + row * Pitch + within;
        GemmTile<T> own = tile;
        own.A = weights;
        if (within + width > Run)
        {
            MultiplyAcross(&own, output, within, rows, width);
            return;
        }

        own.C = output;
        GemmKernels<T, TVec>.RunDown(&own, rows, width);
    }

    /// <summary>A panel with outputs of several images: its tiles are summed aside.</summary>
    [SkipLocalsInit]
    private void MultiplyAcross(GemmTile<T>* tile, T* output, int within, int rows, int width)
    {
        T* sums = stackalloc T[PanelRows * PanelColumns];
        T* a = tile->A, b = tile->B;
        bool reads = tile->Beta != T.Zero;
        (tile->CRow, tile->PrefetchC, tile->Tiles) = (PanelColumns, false, 1);
        for (int i = 0; i < rows; i += PanelRows, a += tile->ANext, output += PanelRows * Pitch)
        {
            int height = Math.Min(PanelRows, rows - i);
            if (reads)
            {
                CopyAcross(output, within, sums, height, width, toSums: true);
            }

            tile->A = a;
            tile->B = b;
            tile->C = sums;
            GemmKernels<T, TVec>.Run(tile, height, width);
            CopyAcross(output, within, sums, height, width, toSums: false);
        }
    }

    private void CopyAcross(T* output, int within, T* sums, int height, int width, bool toSums)
    {
        for (int i = 0; i < height; i++, output += Pitch, sums += PanelColumns)
        {
            T* at = output;
            for (int j = 0, from = within; j < width; from = 0)
            {
                int count = Math.Min(width - j, Run - from);
                Span<T> outputs = new(at, count), columns = new(sums + j, count);
                (toSums ? outputs : columns).CopyTo(toSums ? columns : outputs);
                at += ImageStep - from;
                j += count;
            }
        }
    }
}
