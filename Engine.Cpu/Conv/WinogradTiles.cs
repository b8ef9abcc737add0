using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// How the outputs of a 3 × 3 correlation are cut into tiles of 4 × 4, and the ways from planes to transformed tiles and back.
/// Tiles count along a row of tiles, then down the image, then from image to image.
/// </summary>
internal readonly unsafe struct WinogradTiles<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Points of a transformed tile.</summary>
    public const int Points = 36;

    private readonly Correlation _task;

    /// <summary>Tiles of the images that <paramref name="task"/> computes.</summary>
    public WinogradTiles(in Correlation task)
    {
        _task = task;
        Rows = (task.Rows.OutSize + 3) / 4;
        Columns = (task.Columns.OutSize + 3) / 4;
    }

    /// <summary>Rows of tiles in an image.</summary>
    public int Rows { get; }

    /// <summary>Tiles in a row.</summary>
    public int Columns { get; }

    /// <summary>Rows of tiles in all images.</summary>
    public int AllRows => _task.Batch * Rows;

    /// <summary>
    /// Values between the pixels or tiles of all channels: whole vectors, and not a multiple of 1 KB, which would map all of them to few
    /// lines of the first-level cache.
    /// </summary>
    public static nint Pitch(int channels)
    {
        nint whole = (nint)(channels + TVec.Count - 1) / TVec.Count * TVec.Count;
        return whole * sizeof(T) % 1024 == 0 ? whole + TVec.Count : whole;
    }

    /// <summary>
    /// Transforms the rows of tiles [first, end) of one group to points[point·pointPitch + c / panel·panelPitch + tile·panel + c mod panel];
    /// a panel is a whole number of vectors.
    /// </summary>
    /// <remarks>
    /// <paramref name="rowAxis"/> and <paramref name="columnAxis"/> give the size of the planes and where the first tile begins in them.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Transform<TLine>(T* planes, int channels, in TapAxis rowAxis, in TapAxis columnAxis, int group, int first, int end,
        T* points, nint pointPitch, nint panel, nint panelPitch)
        where TLine : struct, WinogradTransform<T, TVec>.ILine
    {
        nint pitch = Pitch(channels), lanes = TVec.Count;
        int overlap = TLine.From - 4;
        PixelCopy<T, TVec> copy = new()
        {
            InRows = rowAxis.InSize,
            InColumns = columnAxis.InSize,
            FirstColumn = columnAxis.LowestOffset,
            Columns = 4 * Columns + overlap,
            Pitch = pitch,
        };
        nint rowPitch = copy.Columns * pitch, plane = (nint)rowAxis.InSize * columnAxis.InSize;
        using ScratchLease pixels = Scratch.Rent<T>((4 * Math.Min(Rows, end - first) + overlap) * rowPitch);
        T* buffer = stackalloc T[36 * TVec.Count];
        while (first < end)
        {
            int image = first / Rows, row = first % Rows, rows = Math.Min(end - first, Rows - row);
            copy.Run(planes + ((nint)image * _task.Groups + group) * channels * plane, channels, 4 * row + rowAxis.LowestOffset, 4 * rows + overlap, pixels.As<T>());
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < Columns; j++, points += panel)
                {
                    T* tile = pixels.As<T>() + 4 * i * rowPitch + 4 * j * pitch, target = points;
                    for (nint c = 0; c < channels; target += panelPitch)
                    {
                        nint panelEnd = Math.Min(c + panel, channels);
                        for (T* at = target; c < panelEnd; c += lanes, at += lanes)
                        {
                            WinogradTransform<T, TVec>.Run<TLine>(tile + c, rowPitch, pitch, at, 6 * pointPitch, pointPitch, buffer);
                        }
                    }
                }
            }

            first += rows;
        }
    }

    /// <summary>
    /// Transforms the rows of tiles [first, end) of one group back, from points[point·pointPitch + tile·pitch + k], adds start[k] and writes
    /// <paramref name="channels"/> planes of y beginning with <paramref name="firstOut"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Inverse(T* points, nint pointPitch, nint pitch, T* start, bool relu, int group, int firstOut, int channels, int first, int end, T* y)
    {
        int width = _task.Columns.OutSize;
        nint lanes = TVec.Count;
        using ScratchLease pixels = Scratch.Rent<T>(Math.Min(_task.Rows.OutSize, 4 * (end - first)) * width * pitch);
        T* values = stackalloc T[16 * TVec.Count];
        T* buffer = stackalloc T[24 * TVec.Count];
        while (first < end)
        {
            int image = first / Rows, row = first % Rows, rows = Math.Min(end - first, Rows - row), height = Math.Min(4 * rows, _task.Rows.OutSize - 4 * row);
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < Columns; j++, points += pitch)
                {
                    int down = Math.Min(4, height - 4 * i), across = Math.Min(4, width - 4 * j);
                    T* tile = pixels.As<T>() + (4 * i * width + 4 * j) * pitch;
                    for (int k = 0; k < channels; k += TVec.Count)
                    {
                        WinogradTransform<T, TVec>.Run<WinogradTransform<T, TVec>.Output>(points + k, 6 * pointPitch, pointPitch, values, 4 * lanes, lanes, buffer);
                        TVec bias = TVec.Load(start + k);
                        for (int p = 0; p < down; p++)
                        {
                            for (int q = 0; q < across; q++)
                            {
                                TVec value = TVec.Load(values + (4 * p + q) * lanes) + bias;
                                if (relu)
                                {
                                    value = TVec.MaxNative(TVec.Zero, value);
                                }
                                value.Store(tile + (p * width + q) * pitch + k);
                            }
                        }
                    }
                }
            }

            T* planes = y + (((nint)image * _task.Groups + group) * _task.OutChannels + firstOut) * _task.OutPlane + 4 * row * width;
            Transpose<T, TVec>.Copy(pixels.As<T>(), pitch, height * width, channels, planes, _task.OutPlane);
            first += rows;
        }
    }
}
