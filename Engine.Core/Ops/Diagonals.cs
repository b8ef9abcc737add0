namespace Engine;

/// <summary>Diagonals of matrices.</summary>
public sealed partial class Tensor
{
    /// <summary>The diagonal of two axes as the last axis: a view, which can be written. The two axes vanish.</summary>
    /// <param name="offset">0 for the main diagonal, above it positive, below it negative.</param>
    /// <param name="axis1">The axis of rows.</param>
    /// <param name="axis2">The axis of columns.</param>
    /// <exception cref="ArgumentException">The axes are the same one.</exception>
    public Tensor Diagonal(int offset = 0, int axis1 = 0, int axis2 = 1)
    {
        int rows = Guard.Axis(axis1, Rank), columns = Guard.Axis(axis2, Rank);
        DiagonalOps.CheckAxes(nameof(Diagonal), rows, columns, Shape);
        TensorState state = _state;
        Tensor y = View(state, DiagonalOps.Of(state.Layout, offset, rows, columns));
        return ShouldTrack(this) ? y.Record(new DiagonalNode(this, offset, rows, columns)) : y;
    }

    /// <summary>Matrices with this tensor's last axis on a diagonal and 0 elsewhere: [.., n] becomes [.., n + |offset|, n + |offset|].</summary>
    /// <param name="offset">0 for the main diagonal, above it positive, below it negative.</param>
    /// <param name="axis1">The axis of rows, in the result.</param>
    /// <param name="axis2">The axis of columns, in the result.</param>
    /// <exception cref="ArgumentException">The axes are the same one.</exception>
    /// <exception cref="ShapeMismatchException">This tensor has no axes.</exception>
    public Tensor DiagEmbed(int offset = 0, int axis1 = -2, int axis2 = -1)
    {
        if (Rank == 0)
        {
            throw new ShapeMismatchException("DiagEmbed: a scalar has no axis that could be a diagonal. Reshape it to [1].");
        }

        Shape.CheckRank(Rank + 1, nameof(axis1));
        int rows = Guard.Axis(axis1, Rank + 1), columns = Guard.Axis(axis2, Rank + 1), size = Guard.Size(nameof(DiagEmbed), Shape[-1] + Math.Abs((long)offset));
        DiagonalOps.CheckAxes(nameof(DiagEmbed), rows, columns, Shape);
        Shape rest = Shape.Remove(Rank - 1);
        return this.OnDiagonal(rest.Insert(Math.Min(rows, columns), size).Insert(Math.Max(rows, columns), size), offset, rows, columns);
    }

    /// <summary>Of a vector the matrix with it on a diagonal; of a matrix a copy of its diagonal.</summary>
    /// <param name="diagonal">0 for the main diagonal, above it positive, below it negative.</param>
    /// <exception cref="ShapeMismatchException">The tensor has neither one axis nor two.</exception>
    public Tensor Diag(int diagonal = 0)
    {
        using TensorScope scope = TensorScope.Begin();
        return Rank switch
        {
            1 => scope.Keep(DiagEmbed(diagonal)),
            2 => scope.Keep(Diagonal(diagonal).Clone()),
            _ => throw new ShapeMismatchException($"Diag: x is {Shape}; it must be a vector or a matrix. For stacks of them use DiagEmbed or Diagonal(axis1: -2, axis2: -1)."),
        };
    }
}

/// <summary>Layouts of diagonals.</summary>
internal static class DiagonalOps
{
    public static void CheckAxes(string op, int rows, int columns, Shape shape)
    {
        if (rows == columns)
        {
            throw new ArgumentException($"{op}: axis1 and axis2 are both axis {rows}; a diagonal of {shape} lies in two axes.", "axis2");
        }
    }

    public static Layout Of(in Layout layout, int offset, int rows, int columns)
    {
        Span<int> sizes = stackalloc int[layout.Rank - 1];
        Span<long> strides = stackalloc long[layout.Rank - 1];
        int at = 0;
        for (int i = 0; i < layout.Rank; i++)
        {
            if (i != rows && i != columns)
            {
                (sizes[at], strides[at++]) = (layout.Shape[i], layout.Strides[i]);
            }
        }

        // Past a corner there is nothing.
        long below = Math.Max(0, -(long)offset), above = Math.Max(0, (long)offset);
        long length = Math.Max(0, Math.Min(layout.Shape[rows] - below, layout.Shape[columns] - above));
        (sizes[at], strides[at]) = ((int)length, layout.Strides[rows] + layout.Strides[columns]);
        long start = length == 0 ? layout.Offset : layout.Offset + (below * layout.Strides[rows]) + (above * layout.Strides[columns]);
        return new Layout(new Shape(sizes), strides, start);
    }

    /// <summary>Zeros with x on a diagonal: the transpose of <see cref="Tensor.Diagonal"/>.</summary>
    public static Tensor OnDiagonal(this Tensor x, Shape shape, int offset, int rows, int columns)
    {
        Tensor y = Tensor.Zeros(shape, x.DType, x.Device);
        using (TensorScope scope = TensorScope.Begin())
        {
            Tensor part = y.ViewAs(Of(y.Layout, offset, rows, columns));
            Pointwise.Run(Programs.Copy, x.DType.ComputeType(), x.Shape, [x], [part], []);
        }

        return Tensor.ShouldTrack(x) ? y.Record(new DiagEmbedNode(x, offset, rows, columns)) : y;
    }
}

file sealed class DiagonalNode(Tensor x, int offset, int rows, int columns) : GradNode(x)
{
    private readonly Shape _shape = x.Shape;

    public override string Name => "Diagonal";

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, dy.OnDiagonal(_shape, offset, rows, columns));
}

file sealed class DiagEmbedNode(Tensor x, int offset, int rows, int columns) : GradNode(x)
{
    public override string Name => "DiagEmbed";

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, dy.Diagonal(offset, rows, columns));
}
