namespace Engine;

/// <summary>Images read at places that are computed, as spatial transformers do (Jaderberg et al. 2015).</summary>
public sealed partial class Tensor
{
    /// <summary>The values of images at given places: this [N, C, H, W], grid [N, P, Q, 2] → [N, C, P, Q]; of volumes [N, C, D, H, W], grid [N, E, P, Q, 3].</summary>
    /// <param name="grid">Of each result the place (x, y) or (x, y, z): x along the last axis of the image, −1 at its beginning and 1 at its end.</param>
    /// <param name="mode">Nearest, Bilinear (of volumes too, then of eight neighbours) or, of images, Bicubic.</param>
    /// <param name="paddingMode">What lies outside.</param>
    /// <param name="alignCorners">Whether −1 and 1 are the middles of the outermost cells; otherwise their edges.</param>
    /// <remarks>
    /// PyTorch's <c>F.grid_sample</c>. Gradients flow to the images and, but for Nearest, to the grid. A place that is NaN gives NaN, with Nearest 0.
    /// Half precision is computed in float32.
    /// </remarks>
    /// <exception cref="ShapeMismatchException">Batches differ, the last axis of the grid does not fit, or an image has no cells.</exception>
    /// <exception cref="DTypeMismatchException">x and grid are not of one floating type.</exception>
    public Tensor GridSample(Tensor grid, InterpolationMode mode = InterpolationMode.Bilinear, GridPadding paddingMode = GridPadding.Zeros, bool alignCorners = false)
    {
        const string Op = nameof(GridSample);
        ArgumentNullException.ThrowIfNull(grid);
        Guard.SameDevice(Op, this, grid);
        Guard.FloatingPoint(Op, this, "x");
        Guard.SameDType(Op, this, grid, "x");
        int axes = Rank - 2;
        if (axes is not (2 or 3) || grid.Rank != Rank || grid.Shape[-1] != axes || grid.Shape[0] != Shape[0])
        {
            throw new ShapeMismatchException($"{Op}: x is {Shape}, grid is {grid.Shape}; they must be [N, C, H, W] and [N, P, Q, 2], or [N, C, D, H, W] and [N, E, P, Q, 3].");
        }

        if (mode is not (InterpolationMode.Nearest or InterpolationMode.Bilinear or InterpolationMode.Bicubic) || (mode == InterpolationMode.Bicubic && axes == 3))
        {
            throw new ArgumentException($"{Op}: {mode} of {Shape}; there are Nearest and Bilinear, and Bicubic of images.", nameof(mode));
        }

        if (paddingMode is not (GridPadding.Zeros or GridPadding.Border or GridPadding.Reflection))
        {
            throw new ArgumentOutOfRangeException(nameof(paddingMode), paddingMode, $"{Op}: there are GridPadding.Zeros, Border and Reflection.");
        }

        long cells = 1;
        for (int i = 2; i < Rank; i++)
        {
            cells *= Shape[i];
        }

        if (cells == 0)
        {
            throw new ShapeMismatchException($"{Op}: x is {Shape}; an image without cells has no values.");
        }

        DType wide = DType.ComputeType();
        Tensor y = GridOps.Sample(ToOrSelf(wide), grid.ToOrSelf(wide), mode, paddingMode, alignCorners, Guard.Size(Op, cells));
        Span<int> sizes = stackalloc int[Rank];
        grid.Shape.AsSpan()[1..^1].CopyTo(sizes[2..]);
        (sizes[0], sizes[1]) = (Shape[0], Shape[1]);
        return y.ReshapeOrSelf(shape: new Shape(sizes)).ToOrSelf(DType);
    }

    /// <summary>The places that an affine map gives, for <see cref="GridSample"/>: this [N, 2, 3] → [N, H, W, 2]; [N, 3, 4] → [N, D, H, W, 3].</summary>
    /// <param name="size">The shape of the result of the sampling, [N, C, H, W] or [N, C, D, H, W].</param>
    /// <param name="alignCorners">As in <see cref="GridSample"/>.</param>
    /// <remarks>grid = θ·(x, y, 1)ᵀ, with x and y from −1 to 1 over the result; PyTorch's <c>F.affine_grid</c>.</remarks>
    /// <exception cref="ShapeMismatchException">The matrices do not fit the size.</exception>
    public Tensor AffineGrid(Shape size, bool alignCorners = false)
    {
        const string Op = nameof(AffineGrid);
        Guard.FloatingPoint(Op, this, "theta");
        int axes = size.Rank - 2;
        if (axes is not (2 or 3) || Rank != 3 || Shape[0] != size[0] || Shape[1] != axes || Shape[2] != axes + 1)
        {
            throw new ShapeMismatchException($"{Op}: theta is {Shape}, the size is {size}; they must be [N, 2, 3] and [N, C, H, W], or [N, 3, 4] and [N, C, D, H, W].");
        }

        Span<int> column = stackalloc int[axes + 2];
        column.Fill(1);
        (column[0], column[^1]) = (size[0], axes);
        Tensor grid = SliceOrSelf(2, axes, 1, 1).ReshapeOrSelf(column);
        Span<int> along = stackalloc int[axes + 1];
        for (int k = 0; k < axes; k++)
        {
            int count = size[-1 - k];
            double end = alignCorners ? 1 : (count - 1.0) / Math.Max(count, 1);
            along.Fill(1);
            along[axes - 1 - k] = count;
            Tensor places = (count == 1 ? Zeros([1], DType, Device) : Linspace(-end, end, count, DType, Device)).ReshapeOrSelf(along);
            grid += SliceOrSelf(2, k, 1, 1).ReshapeOrSelf(column) * places;
        }

        return grid;
    }
}

/// <summary>Places, the cells around them and their weights.</summary>
file static class GridOps
{
    private const double Keys = -0.75;

    private static readonly Expr s_place = Expr.Input(0), s_offset = Expr.Input(1), s_size = Expr.Parameter(0), s_outside = Expr.Parameter(1);

    // The place in cells; with corners (g + 1)/2·(size − 1), else ((g + 1)·size − 1)/2. Then back into the image.
    private static readonly MapProgram s_cells = MapProgram.Compile(1, Cells());
    private static readonly MapProgram s_clipped = MapProgram.Compile(1, Clip(Cells()));
    private static readonly MapProgram s_mirrored = MapProgram.Compile(1, Clip(Mirror(Cells(), Expr.Parameter(3), Expr.Parameter(4))));

    // Cells beside the place, each taken for itself; those outside have a number beyond all cells.
    private static readonly MapProgram s_nearest = MapProgram.Compile(1, Inside(Expr.Round(s_place)));
    private static readonly MapProgram s_neighbours = MapProgram.Compile(2, Inside(Expr.Floor(s_place) + s_offset));
    private static readonly MapProgram s_clippedNeighbours = MapProgram.Compile(2, Inside(Clip(Expr.Floor(s_place) + s_offset)));
    private static readonly MapProgram s_mirroredNeighbours = MapProgram.Compile(2, Inside(Clip(Mirror(Expr.Floor(s_place) + s_offset, Expr.Parameter(2), Expr.Parameter(3)))));

    private static readonly MapProgram s_linear = MapProgram.Compile(2, Expr.Where(Expr.Equal(s_offset, 0), 1 - Fraction(), Fraction()));
    private static readonly MapProgram s_cubic = MapProgram.Compile(2, Cubic(Expr.Abs(Fraction() - s_offset)));

    /// <summary>x [N, C, spatial…], grid [N, results…, axes] → [N, C, results].</summary>
    public static Tensor Sample(Tensor x, Tensor grid, InterpolationMode mode, GridPadding padding, bool alignCorners, int cells)
    {
        int axes = x.Rank - 2, batch = x.Shape[0], channels = x.Shape[1];
        Tensor places = grid.ReshapeOrSelf(batch, Results(grid), axes);
        int results = places.Shape[1], taps = mode == InterpolationMode.Nearest ? 1 : mode == InterpolationMode.Bilinear ? 2 : 4;
        Tensor offsets = Tensor.Arange(taps == 4 ? -1.0 : 0.0, taps == 4 ? 3 : taps, 1, x.DType, x.Device);
        Span<int> shape = stackalloc int[axes + 2], tap = stackalloc int[axes + 1];
        Tensor? index = null, weight = null;
        for (int k = 0; k < axes; k++)
        {
            int size = x.Shape[2 + k];
            shape.Fill(1);
            (shape[0], shape[^1]) = (batch, results);
            tap.Fill(1);
            tap[k] = taps;
            Tensor g = places.Select(2, axes - 1 - k), offset = offsets.ReshapeOrSelf(tap);
            (double scale, double shift) = alignCorners ? ((size - 1) / 2.0, (size - 1) / 2.0) : (size / 2.0, (size - 1) / 2.0);
            // Mirrors stand at the middles of the outermost cells or at their edges.
            (double low, double span) = alignCorners ? (0.0, size - 1.0) : (-0.5, size);
            bool perCell = mode == InterpolationMode.Bicubic;
            MapProgram toCells = perCell || padding == GridPadding.Zeros ? s_cells : padding == GridPadding.Border ? s_clipped : s_mirrored;
            Tensor at = Pointwise.Apply("GridSample", toCells, [g], [size, scale, shift, low, span]).ReshapeOrSelf(shape);
            MapProgram toIndex = taps == 1 ? s_nearest : !perCell || padding == GridPadding.Zeros ? s_neighbours : padding == GridPadding.Border ? s_clippedNeighbours : s_mirroredNeighbours;
            Tensor beside;
            using (GradMode.Off())
            {
                Tensor numbers = Pointwise.Apply("GridSample", toIndex, taps == 1 ? [at] : [at, offset], [size, 2.0 * cells, low, span]).To(DType.Int64);
                beside = index is null ? numbers : (index * (long)size) + numbers;
            }

            index = beside;
            if (taps > 1)
            {
                Tensor factor = Pointwise.Apply("GridSample", taps == 2 ? s_linear : s_cubic, [at, offset]);
                weight = weight is null ? factor : weight * factor;
            }
        }

        int all = axes == 2 ? taps * taps : taps * taps * taps;
        // What lies outside is read from one more cell, a 0: gradients to the grid are right there too.
        Tensor source = x.FlattenOrSelf(2).Pad([(0, 1)]);
        Tensor chosen;
        using (GradMode.Off())
        {
            chosen = index!.Clamp(0L, cells).ReshapeOrSelf(batch, 1, Guard.Size("GridSample", (long)all * results)).ExpandOrSelf([batch, channels, all * results]);
        }

        Tensor values = source.Gather(2, chosen);
        return weight is null ? values : (values.ReshapeOrSelf(batch, channels, all, results) * weight.ReshapeOrSelf(batch, 1, all, results)).Sum(2);
    }

    private static int Results(Tensor grid)
    {
        long results = 1;
        for (int i = 1; i < grid.Rank - 1; i++)
        {
            results *= grid.Shape[i];
        }

        return Guard.Size("GridSample", results);
    }

    private static Expr Cells() => (s_place * Expr.Parameter(1)) + Expr.Parameter(2);

    // Comparisons with NaN are false, so that it stays.
    private static Expr Clip(Expr x) => Expr.Clamp(x, 0, s_size - 1);

    /// <summary>A triangular wave over [low, low + span].</summary>
    private static Expr Mirror(Expr x, Expr low, Expr span)
    {
        Expr from = Expr.Abs(x - low), within = from - (2 * span * Expr.Floor(from / (2 * span)));
        return Expr.Where(Expr.Equal(span, 0), 0, span - Expr.Abs(within - span) + low);
    }

    private static Expr Inside(Expr number) => Expr.Where(Expr.And(Expr.LessEqual(0, number), Expr.Less(number, s_size)), number, s_outside);

    private static Expr Fraction() => s_place - Expr.Floor(s_place);

    private static Expr Cubic(Expr d) => Expr.Where(
        Expr.LessEqual(d, 1), ((((Keys + 2) * d) - (Keys + 3)) * d * d) + 1, ((((((d - 5) * d) + 8) * d) - 4) * Keys));
}
