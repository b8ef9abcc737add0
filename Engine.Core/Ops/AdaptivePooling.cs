namespace Engine;

/// <summary>Pooling to a given size: cell i of n covers elements ⌊i·L/n⌋ to ⌈(i + 1)·L/n⌉ − 1 of an axis of L, as in PyTorch.</summary>
public sealed partial class Tensor
{
    /// <summary>The mean over windows that divide the axis into the given number of cells: [N, C, L] → [N, C, outputSize].</summary>
    /// <remarks>Cell i of n covers elements ⌊i·L/n⌋ to ⌈(i + 1)·L/n⌉ − 1, as in PyTorch; neighbours share one where L is no multiple of n.</remarks>
    /// <exception cref="ShapeMismatchException">x does not have three axes, or nothing along the last.</exception>
    public Tensor AdaptiveAvgPool1d(int outputSize) => this.AdaptiveMean(nameof(AdaptiveAvgPool1d), "[N, C, L]", outputSize);

    /// <summary>The mean over windows that divide the image into the given number of rows and columns.</summary>
    /// <remarks>Cell i of n covers rows ⌊i·H/n⌋ to ⌈(i + 1)·H/n⌉, as in PyTorch; [N, C, H, W] → [N, C, rows, columns].</remarks>
    public Tensor AdaptiveAvgPool2d(Size2 outputSize) => this.AdaptiveMean(nameof(AdaptiveAvgPool2d), "[N, C, H, W]", outputSize.Height, outputSize.Width);

    /// <summary>The mean over windows that divide the volume into the given number of cells: [N, C, D, H, W] → [N, C, depths, rows, columns].</summary>
    /// <remarks>Cell i of n covers elements ⌊i·L/n⌋ to ⌈(i + 1)·L/n⌉ − 1 of an axis of L, as in PyTorch.</remarks>
    /// <exception cref="ShapeMismatchException">x does not have five axes, or nothing along one of the last three.</exception>
    public Tensor AdaptiveAvgPool3d(Size3 outputSize) => this.AdaptiveMean(nameof(AdaptiveAvgPool3d), "[N, C, D, H, W]", outputSize.Depth, outputSize.Height, outputSize.Width);

    /// <summary>The largest value of windows that divide the axis into the given number of cells: [N, C, L] → [N, C, outputSize]. Gradient goes to the first largest.</summary>
    /// <inheritdoc cref="AdaptiveAvgPool1d"/>
    public Tensor AdaptiveMaxPool1d(int outputSize) => this.AdaptiveMaximum(nameof(AdaptiveMaxPool1d), "[N, C, L]", outputSize);

    /// <summary>The largest value of windows that divide the image into the given number of rows and columns; NaN wins. Gradient goes to the first largest.</summary>
    /// <inheritdoc cref="AdaptiveAvgPool2d"/>
    public Tensor AdaptiveMaxPool2d(Size2 outputSize) => this.AdaptiveMaximum(nameof(AdaptiveMaxPool2d), "[N, C, H, W]", outputSize.Height, outputSize.Width);

    /// <summary>The largest value of windows that divide the volume into the given number of cells; NaN wins. Gradient goes to the first largest.</summary>
    /// <inheritdoc cref="AdaptiveAvgPool3d"/>
    public Tensor AdaptiveMaxPool3d(Size3 outputSize) => this.AdaptiveMaximum(nameof(AdaptiveMaxPool3d), "[N, C, D, H, W]", outputSize.Depth, outputSize.Height, outputSize.Width);
}

file static class AdaptiveOps
{
    /// <summary>Host memory for each element of a cell while a table is made.</summary>
    private const int TableBytes = 64;

    public static Tensor AdaptiveMean(this Tensor x, string op, string shape, params ReadOnlySpan<int> outputSize)
    {
        bool isEven = Check(x, op, shape, outputSize);
        if (!outputSize.ContainsAnyExcept(1))
        {
            return outputSize.Length == 1 ? x.Mean(2, keepDims: true) : outputSize.Length == 2 ? x.Mean([2, 3], keepDims: true) : x.Mean([2, 3, 4], keepDims: true);
        }

        if (isEven && x.ElementCount > 0 && outputSize.Length == 2 && x.DType.IsFloatingPoint())
        {
            return x.AvgPool2d((x.Shape[2] / outputSize[0], x.Shape[3] / outputSize[1]));
        }

        // Along one axis after the other, half precision in float32 so that it is rounded once.
        DType result = TypePromotion.ToFloating(x.DType);
        Tensor y = x.ToOrSelf(x.DType.IsHalf() ? DType.Float32 : result);
        for (int i = 0; i < outputSize.Length; i++)
        {
            AxisTables.CheckRoom(y, 2 + i, outputSize[i]);
            y = outputSize[i] == y.Shape[2 + i] ? y : y.Along(op, 2 + i, AxisTables.Get(new AxisKey(AxisKind.MeanOfCells, y.Shape[2 + i], outputSize[i]), MeanOfCells));
        }

        return ReferenceEquals(y, x) ? x.Clone() : y.ToOrSelf(result);
    }

    public static Tensor AdaptiveMaximum(this Tensor x, string op, string shape, params ReadOnlySpan<int> outputSize)
    {
        Guard.FloatingPoint(op, x, "x");
        bool isEven = Check(x, op, shape, outputSize);
        if (isEven && x.ElementCount > 0)
        {
            return outputSize.Length switch
            {
                1 => x.MaxPool1d(x.Shape[2] / outputSize[0]),
                2 => x.MaxPool2d((x.Shape[2] / outputSize[0], x.Shape[3] / outputSize[1])),
                _ => x.MaxPool3d((x.Shape[2] / outputSize[0], x.Shape[3] / outputSize[1], x.Shape[4] / outputSize[2])),
            };
        }

        // The last axis first, so that of equal values the first in row-major order is chosen.
        Tensor y = x;
        for (int i = outputSize.Length - 1; i >= 0; i--)
        {
            y = outputSize[i] == y.Shape[2 + i] ? y : MaxOfCells(y, op, 2 + i, outputSize[i]);
        }

        return ReferenceEquals(y, x) ? x.Clone() : y;
    }

    /// <summary>Whether all cells are of one size.</summary>
    private static bool Check(Tensor x, string op, string shape, ReadOnlySpan<int> outputSize)
    {
        Guard.Rank(op, x, 2 + outputSize.Length, shape, "x");
        bool isEven = true;
        for (int i = 0; i < outputSize.Length; i++)
        {
            int size = x.Shape[2 + i];
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputSize[i], nameof(outputSize));
            if (size == 0)
            {
                throw new ShapeMismatchException($"{op}: x is {x.Shape}; an image without elements along an axis has neither mean nor maximum.");
            }

            Guard.HostArray(op, (long)outputSize[i] * ((size / (long)outputSize[i]) + 2), TableBytes);
            isEven &= size % outputSize[i] == 0;
        }

        return isEven;
    }

    private static Tensor MaxOfCells(Tensor x, string op, int axis, int cells)
    {
        AxisTables.CheckRoom(x, axis, cells);
        AxisTable table = AxisTables.Get(new AxisKey(AxisKind.Cells, x.Shape[axis], cells), Cells);
        Tensor picked = x.Along(op, axis, table).ReshapeOrSelf(shape: x.Shape.With(axis, cells).Insert(axis + 1, table.Count / cells));
        Tensor largest = picked.Detach().ArgMax(axis + 1, keepDims: true);
        return picked.Gather(axis + 1, largest).ReshapeOrSelf(shape: x.Shape.With(axis, cells));
    }

    private static AxisTable MeanOfCells(AxisKey key)
    {
        List<(int, double)>[] rows = new List<(int, double)>[key.Count];
        for (int i = 0; i < rows.Length; i++)
        {
            (int start, int end) = Cell(key, i);
            rows[i] = [];
            for (int k = start; k < end; k++)
            {
                rows[i].Add((k, 1.0 / (end - start)));
            }
        }

        return AxisTable.Sum(key.Size, rows);
    }

    /// <summary>The elements of all cells; those with fewer repeat their last one, which changes no maximum.</summary>
    private static AxisTable Cells(AxisKey key)
    {
        int widest = 0;
        for (int i = 0; i < key.Count; i++)
        {
            (int start, int end) = Cell(key, i);
            widest = Math.Max(widest, end - start);
        }

        int[] indices = new int[checked(key.Count * widest)];
        for (int i = 0; i < key.Count; i++)
        {
            (int start, int end) = Cell(key, i);
            for (int k = 0; k < widest; k++)
            {
                indices[(i * widest) + k] = Math.Min(start + k, end - 1);
            }
        }

        return AxisTable.Pick(key.Size, indices);
    }

    private static (int Start, int End) Cell(AxisKey key, int i) => ((int)((long)i * key.Size / key.Count), (int)((((i + 1L) * key.Size) + key.Count - 1) / key.Count));
}
