namespace Engine.Cpu;

/// <summary>Weights of a correlation in the order in which the tiles read them: [group][tile of channels][tap][channel of the tile].</summary>
internal static unsafe class PackedWeights<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Elements of one group; tiles are full except the last, which is padded.</summary>
    public static nint GroupSize(in Correlation task) => (nint)(task.OutChannels + ConvTile<T, TVec>.TallestTile) * task.Taps;

    /// <summary>Packs all groups.</summary>
    public static void Pack(in Correlation task, T* weights, T* packed)
    {
        for (int g = 0; g < task.Groups; g++)
        {
            T* tile = packed + g * GroupSize(task);
            int height;
            for (int k = 0; k < task.OutChannels; k += height, tile += (nint)height * task.Taps)
            {
                height = ConvTile<T, TVec>.TileHeight(task.OutChannels - k);
                PackTile(task, weights + g * task.WeightGroupStride + k * task.WeightOutStride, Math.Min(height, task.OutChannels - k), height, tile);
            }
        }
    }

    private static void PackTile(in Correlation task, T* weights, int channels, int height, T* tile)
    {
        TapAxis rows = task.Rows, columns = task.Columns;
        for (int m = 0; m < height; m++)
        {
            T* target = tile + m;
            for (int c = 0; c < task.InChannels; c++)
            {
                for (int i = 0; i < rows.Count; i++)
                {
                    T* source = weights + m * task.WeightOutStride + c * task.WeightInStride
                        + (nint)(rows.FirstTap + i * rows.TapStep) * task.KernelWidth + columns.FirstTap;
                    for (int j = 0; j < columns.Count; j++, target += height)
                    {
                        *target = m < channels ? source[j * columns.TapStep] : default;
                    }
                }
            }
        }
    }
}
