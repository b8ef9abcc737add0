using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Weights of a correlation in the order in which the tiles read them: [group][tile of channels][tap][channel of the tile].</summary>
/// <remarks>Each tile of channels is packed on its own; many weights are packed by all threads.</remarks>
internal unsafe struct PackedWeights<T, TVec> : IParallelBody
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Weights that one thread packs in 10 µs and more; fewer are not worth waking another.</summary>
    private const nint ParallelWeights = 1 << 16;

    private Correlation _task;
    private T* _weights, _packed;

    /// <summary>Elements of one group; tiles are full except the last, which is padded.</summary>
    public static nint GroupSize(in Correlation task) => (nint)(task.OutChannels + ConvTile<T, TVec>.TallestTile) * task.Taps;

    /// <summary>Packs all groups.</summary>
    public static void Pack(in Correlation task, T* weights, T* packed, WorkerPool pool)
    {
        PackedWeights<T, TVec> body = new() { _task = task, _weights = weights, _packed = packed };
        int parts = task.Groups * ConvTile<T, TVec>.Pieces(task.OutChannels);
        if ((nint)task.Groups * task.OutChannels * task.Taps >= ParallelWeights)
        {
            pool.Run(parts, ref body);
            return;
        }

        for (int part = 0; part < parts; part++)
        {
            body.Run(part, 0);
        }
    }

    /// <summary>Packs the tiles of one piece of one group.</summary>
    public readonly void Run(int part, int worker)
    {
        int pieces = ConvTile<T, TVec>.Pieces(_task.OutChannels), group = part / pieces, piece = part % pieces, height;
        int k = ConvTile<T, TVec>.FirstRow(piece, pieces, _task.OutChannels), end = ConvTile<T, TVec>.FirstRow(piece + 1, pieces, _task.OutChannels);
        for (; k < end; k += height)
        {
            height = ConvTile<T, TVec>.TileHeight(_task.OutChannels - k);
            T* tile = _packed + group * GroupSize(_task) + (nint)k * _task.Taps;
            PackTile(_weights + group * _task.WeightGroupStride + k * _task.WeightOutStride, Math.Min(height, _task.OutChannels - k), height, tile);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void PackTile(T* weights, int channels, int height, T* tile)
    {
        if (channels < height)
        {
            new Span<byte>(tile, checked((int)((nint)height * _task.Taps * sizeof(T)))).Clear();
        }

        TapAxis rows = _task.Rows, columns = _task.Columns;
        bool isWhole = rows is { FirstTap: 0, TapStep: 1 } && columns is { FirstTap: 0, TapStep: 1 } && columns.Count == _task.KernelWidth;
        if (isWhole && _task.WeightInStride == rows.Count * columns.Count)
        {
            // The taps of an output channel follow each other in the tiles' order.
            Transpose<T, TVec>.Copy(weights, _task.WeightOutStride, channels, _task.Taps, tile, height);
            return;
        }

        for (int c = 0; c < _task.InChannels; c++, weights += _task.WeightInStride)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                T* tap = weights + (nint)(rows.FirstTap + i * rows.TapStep) * _task.KernelWidth + columns.FirstTap;
                for (int j = 0; j < columns.Count; j++, tap += columns.TapStep, tile += height)
                {
                    for (int m = 0; m < channels; m++)
                    {
                        tile[m] = tap[m * _task.WeightOutStride];
                    }
                }
            }
        }
    }
}
