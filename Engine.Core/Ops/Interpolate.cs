namespace Engine;

public sealed partial class Tensor
{
    /// <summary>Sequences, images or volumes in another size: [N, C, spatial…] → [N, C, size…].</summary>
    /// <param name="size">The new sizes, one for each axis after the second, or one for all.</param>
    /// <param name="mode">How values are made.</param>
    /// <param name="alignCorners">Whether the middles of the outermost cells lie on each other; otherwise their edges do. For linear and cubic modes.</param>
    /// <param name="antialias">Whether each value is made of all cells that a smaller image would lose. For Bilinear and Bicubic.</param>
    /// <remarks>
    /// PyTorch's <c>F.interpolate</c>. One axis is interpolated after the other, each by a gather and a weighted sum. A cell of weight 0 is left out: infinity
    /// and NaN reach only those that are made of them. Nearest modes take any element type.
    /// </remarks>
    /// <exception cref="ShapeMismatchException">The mode is for another number of axes, or an axis has no cells.</exception>
    /// <exception cref="ArgumentException">A setting does not go with the mode, or there are not as many sizes as axes.</exception>
    public Tensor Interpolate(ReadOnlySpan<int> size, InterpolationMode mode = InterpolationMode.Nearest, bool alignCorners = false, bool antialias = false)
    {
        Span<int> sizes = stackalloc int[Math.Max(1, Rank)];
        int axes = this.CheckInterpolation(mode, alignCorners, antialias, size.Length);
        for (int i = 0; i < axes; i++)
        {
            sizes[i] = size[size.Length == 1 ? 0 : i];
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sizes[i], nameof(size));
        }

        return this.InterpolateTo(sizes[..axes], default, mode, alignCorners, antialias);
    }

    /// <inheritdoc cref="Interpolate(ReadOnlySpan{int}, InterpolationMode, bool, bool)" path="/*[not(self::param)]"/>
    /// <param name="size">The new size of each axis after the second.</param>
    /// <param name="mode">How values are made.</param>
    /// <param name="alignCorners">Whether the middles of the outermost cells lie on each other; otherwise their edges do. For linear and cubic modes.</param>
    /// <param name="antialias">Whether each value is made of all cells that a smaller image would lose. For Bilinear and Bicubic.</param>
    public Tensor Interpolate(int size, InterpolationMode mode = InterpolationMode.Nearest, bool alignCorners = false, bool antialias = false) =>
        Interpolate([size], mode, alignCorners, antialias);

    /// <summary>Sequences, images or volumes enlarged by a factor: an axis of L cells gets ⌊L·factor⌋.</summary>
    /// <param name="scaleFactor">The factor of all axes. New cells lie at distances of 1/factor exactly, also where the size was rounded down.</param>
    /// <param name="mode">How values are made.</param>
    /// <param name="alignCorners">Whether the middles of the outermost cells lie on each other; otherwise their edges do. For linear and cubic modes.</param>
    /// <param name="antialias">Whether each value is made of all cells that a smaller image would lose. For Bilinear and Bicubic.</param>
    /// <inheritdoc cref="Interpolate(ReadOnlySpan{int}, InterpolationMode, bool, bool)" path="/*[not(self::param)]"/>
    public Tensor Interpolate(double scaleFactor, InterpolationMode mode = InterpolationMode.Nearest, bool alignCorners = false, bool antialias = false) =>
        Interpolate([scaleFactor], mode, alignCorners, antialias);

    /// <summary>Sequences, images or volumes enlarged, each axis by a factor of its own.</summary>
    /// <param name="scaleFactors">The factors, one for each axis after the second, or one for all.</param>
    /// <param name="mode">How values are made.</param>
    /// <param name="alignCorners">Whether the middles of the outermost cells lie on each other; otherwise their edges do. For linear and cubic modes.</param>
    /// <param name="antialias">Whether each value is made of all cells that a smaller image would lose. For Bilinear and Bicubic.</param>
    /// <inheritdoc cref="Interpolate(double, InterpolationMode, bool, bool)" path="/*[not(self::param)]"/>
    public Tensor Interpolate(ReadOnlySpan<double> scaleFactors, InterpolationMode mode = InterpolationMode.Nearest, bool alignCorners = false, bool antialias = false)
    {
        Span<int> sizes = stackalloc int[Math.Max(1, Rank)];
        Span<double> factors = stackalloc double[Math.Max(1, Rank)];
        int axes = this.CheckInterpolation(mode, alignCorners, antialias, scaleFactors.Length);
        for (int i = 0; i < axes; i++)
        {
            factors[i] = scaleFactors[scaleFactors.Length == 1 ? 0 : i];
            double cells = Math.Floor(Shape[2 + i] * factors[i]);
            if (!(factors[i] > 0) || !(cells is >= 1 and <= int.MaxValue))
            {
                throw new ArgumentOutOfRangeException(nameof(scaleFactors), factors[i], $"Interpolate: {Shape[2 + i]} cells of axis {2 + i} times {factors[i]} must give between 1 and {int.MaxValue:N0} cells.");
            }

            sizes[i] = (int)cells;
        }

        return this.InterpolateTo(sizes[..axes], factors[..axes], mode, alignCorners, antialias);
    }
}

/// <summary>The tables of interpolation, and the order of axes.</summary>
file static class InterpolationOps
{
    private const string Op = nameof(Tensor.Interpolate);

    /// <summary>Host memory for each new cell while a table is made.</summary>
    private const int TableBytes = 256;

    private const double Keys = -0.75, SmoothKeys = -0.5;

    /// <summary>The number of axes that are interpolated.</summary>
    public static int CheckInterpolation(this Tensor x, InterpolationMode mode, bool alignCorners, bool antialias, int given)
    {
        int rank = mode switch
        {
            InterpolationMode.Nearest or InterpolationMode.NearestExact or InterpolationMode.Area => Math.Clamp(x.Rank, 3, 5),
            InterpolationMode.Linear => 3,
            InterpolationMode.Bilinear or InterpolationMode.Bicubic => 4,
            InterpolationMode.Trilinear => 5,
            _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, $"{Op}: there is no such mode."),
        };
        if (x.Rank != rank)
        {
            throw new ShapeMismatchException(
                $"{Op}: x is {x.Shape}; {mode} is for {(rank == 3 ? "[N, C, L]" : rank == 4 ? "[N, C, H, W]" : "[N, C, D, H, W]")}. Linear takes three axes, Bilinear and Bicubic four, Trilinear five, the others three to five.");
        }

        bool picks = mode is InterpolationMode.Nearest or InterpolationMode.NearestExact, smooth = mode is InterpolationMode.Bilinear or InterpolationMode.Bicubic;
        if (alignCorners && (picks || mode == InterpolationMode.Area))
        {
            throw new ArgumentException($"{Op}: alignCorners is for linear and cubic modes, not for {mode}.", nameof(alignCorners));
        }

        if (antialias && !smooth)
        {
            throw new ArgumentException($"{Op}: antialias is for Bilinear and Bicubic, not for {mode}.", nameof(antialias));
        }

        if (!picks)
        {
            Guard.FloatingPoint(Op, x, "x");
        }

        if (given != 1 && given != rank - 2)
        {
            throw new ArgumentException($"{Op}: {given} numbers for {x.Shape}; give one for each of its {rank - 2} last axes, or one for all.");
        }

        for (int i = 2; i < rank; i++)
        {
            if (x.Shape[i] == 0)
            {
                throw new ShapeMismatchException($"{Op}: x is {x.Shape}; without cells along axis {i} there is nothing to interpolate.");
            }
        }

        return rank - 2;
    }

    public static Tensor InterpolateTo(this Tensor x, ReadOnlySpan<int> sizes, ReadOnlySpan<double> factors, InterpolationMode mode, bool alignCorners, bool antialias)
    {
        if (mode == InterpolationMode.Area)
        {
            return sizes.Length == 1 ? x.AdaptiveAvgPool1d(sizes[0]) : sizes.Length == 2 ? x.AdaptiveAvgPool2d((sizes[0], sizes[1])) : x.AdaptiveAvgPool3d((sizes[0], sizes[1], sizes[2]));
        }

        bool picks = mode is InterpolationMode.Nearest or InterpolationMode.NearestExact;
        if (picks && IsWhole(x.Shape, sizes, factors))
        {
            return x.Own(Repeated(x, sizes));
        }

        // Half precision is rounded once. Axes that shrink come first, so that the others have less to do.
        Tensor y = picks ? x : x.ToOrSelf(x.DType.ComputeType());
        Span<int> order = stackalloc int[sizes.Length];
        for (int i = 0; i < order.Length; i++)
        {
            int at = i;
            for (; at > 0 && sizes[order[at - 1]] / (double)x.Shape[2 + order[at - 1]] > sizes[i] / (double)x.Shape[2 + i]; at--)
            {
                order[at] = order[at - 1];
            }

            order[at] = i;
        }

        foreach (int i in order)
        {
            (int from, int to) = (x.Shape[2 + i], sizes[i]);
            double scale = factors.IsEmpty ? from / (double)to : 1 / factors[i];
            AxisKind kind = mode switch
            {
                InterpolationMode.Nearest => AxisKind.Nearest,
                InterpolationMode.NearestExact => AxisKind.NearestExact,
                InterpolationMode.Bicubic => antialias ? AxisKind.SmoothCubic : AxisKind.Cubic,
                _ => antialias ? AxisKind.SmoothLinear : AxisKind.Linear,
            };
            if (from == to && kind is not (AxisKind.Cubic or AxisKind.SmoothCubic or AxisKind.SmoothLinear or AxisKind.NearestExact or AxisKind.Nearest))
            {
                continue;
            }

            scale = !alignCorners ? scale : to > 1 ? (from - 1) / (double)(to - 1) : 0;
            Guard.HostArray(Op, to, TableBytes);
            AxisTables.CheckRoom(y, 2 + i, to);
            y = y.Along(Op, 2 + i, AxisTables.Get(new AxisKey(kind, from, to, Scale: scale, Corners: alignCorners), Table));
        }

        return ReferenceEquals(y, x) ? x.Clone() : y.ToOrSelf(x.DType);
    }

    private static bool IsWhole(Shape shape, ReadOnlySpan<int> sizes, ReadOnlySpan<double> factors)
    {
        bool isWhole = true;
        for (int i = 0; i < sizes.Length; i++)
        {
            isWhole &= sizes[i] % shape[2 + i] == 0 && (factors.IsEmpty || factors[i] * shape[2 + i] == sizes[i]);
        }

        return isWhole;
    }

    /// <summary>Each cell as a block of equal ones: one copy, and one sum for the gradient.</summary>
    private static Tensor Repeated(Tensor x, ReadOnlySpan<int> sizes)
    {
        bool channelsLast = x.Rank == 4 && x.WantsChannelsLast;
        Tensor source = channelsLast ? x.Permute(0, 2, 3, 1) : x;
        int first = channelsLast ? 1 : 2;
        Shape ones = source.Shape, blocks = source.Shape, result = source.Shape;
        for (int i = sizes.Length - 1; i >= 0; i--)
        {
            ones = ones.Insert(first + i + 1, 1);
            blocks = blocks.Insert(first + i + 1, sizes[i] / x.Shape[2 + i]);
            result = result.With(first + i, sizes[i]);
        }

        Tensor y = source.ReshapeOrSelf(shape: ones).ExpandOrSelf(blocks).ReshapeOrSelf(shape: result);
        return channelsLast ? y.Permute(0, 3, 1, 2) : y;
    }

    private static AxisTable Table(AxisKey key)
    {
        int last = key.Size - 1;
        if (key.Kind is AxisKind.Nearest or AxisKind.NearestExact)
        {
            int[] indices = new int[key.Count];
            double shift = key.Kind == AxisKind.Nearest ? 0 : 0.5;
            for (int i = 0; i < indices.Length; i++)
            {
                indices[i] = (int)Math.Min(Math.Floor((i + shift) * key.Scale), last);
            }

            return AxisTable.Pick(key.Size, indices);
        }

        List<(int, double)>[] rows = new List<(int, double)>[key.Count];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = key.Kind is AxisKind.SmoothLinear or AxisKind.SmoothCubic ? Smooth(key, i) : Between(key, i);
        }

        return AxisTable.Sum(key.Size, rows);
    }

    /// <summary>Two or four neighbours of a place.</summary>
    private static List<(int, double)> Between(AxisKey key, int i)
    {
        int last = key.Size - 1;
        double at = key.Corners ? i * key.Scale : ((i + 0.5) * key.Scale) - 0.5;
        if (key.Kind == AxisKind.Linear)
        {
            at = Math.Clamp(at, 0, last);
            int below = (int)at;
            return [(below, 1 - (at - below)), (Math.Min(below + 1, last), at - below)];
        }

        int middle = (int)Math.Floor(at);
        List<(int, double)> row = [];
        for (int k = middle - 1; k <= middle + 2; k++)
        {
            row.Add((Math.Clamp(k, 0, last), Cubic(at - k, Keys)));
        }

        return row;
    }

    /// <summary>All cells under the filter, which is as wide as the distance of the new cells where that is more than 1.</summary>
    private static List<(int, double)> Smooth(AxisKey key, int i)
    {
        double width = Math.Max(key.Scale, 1), support = (key.Kind == AxisKind.SmoothLinear ? 1 : 2) * width, center = key.Scale * (i + 0.5);
        int start = Math.Max((int)(center - support + 0.5), 0), end = Math.Min((int)(center + support + 0.5), key.Size);
        double total = 0;
        List<(int, double)> row = [];
        for (int k = start; k < end; k++)
        {
            double distance = (k - center + 0.5) / width;
            double weight = key.Kind == AxisKind.SmoothLinear ? Math.Max(0, 1 - Math.Abs(distance)) : Cubic(distance, SmoothKeys);
            total += weight;
            row.Add((k, weight));
        }

        return row.ConvertAll(pair => (pair.Item1, total == 0 ? 0 : pair.Item2 / total));
    }

    /// <summary>Keys' piecewise cubic.</summary>
    private static double Cubic(double distance, double a)
    {
        double d = Math.Abs(distance);
        return d <= 1 ? ((((a + 2) * d) - (a + 3)) * d * d) + 1 : d < 2 ? ((((((d - 5) * d) + 8) * d) - 4) * a) : 0;
    }
}
