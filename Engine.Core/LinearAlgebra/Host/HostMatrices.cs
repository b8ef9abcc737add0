using System.Numerics.Tensors;

namespace Engine;

/// <summary>A batch of matrices in host memory, in double precision, each row by row. The factorisations work on them.</summary>
internal sealed class HostMatrices
{
    private readonly double[] _values;

    private HostMatrices(double[] values, int count, int rows, int columns) => (_values, Count, Rows, Columns) = (values, count, rows, columns);

    /// <summary>How many matrices there are.</summary>
    public int Count { get; }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>The elements of one matrix; a view.</summary>
    public Span<double> this[int i] => _values.AsSpan(i * Rows * Columns, Rows * Columns);

    public static HostMatrices Zeros(string op, int count, int rows, int columns)
    {
        Guard.HostArray(op, (long)count * rows * columns, sizeof(double));
        return new HostMatrices(new double[count * rows * columns], count, rows, columns);
    }

    /// <summary>The values of a tensor whose last two axes are rows and columns. Waits for the device.</summary>
    public static HostMatrices Read(Tensor x)
    {
        int count = Guard.Size(nameof(LinearAlgebra), x.Shape.Prefix(x.Rank - 2).ElementCount);
        using TensorScope scope = TensorScope.Begin();
        return new HostMatrices(x.Detach().ToArray<double>(), count, x.Shape[-2], x.Shape[-1]);
    }

    /// <summary>The values as a tensor of the given shape, rounded to its type.</summary>
    public Tensor ToTensor(Shape shape, Tensor like) => ToTensor(_values, shape, like);

    /// <summary>Values in row-major order as a tensor of the type and on the device of another one.</summary>
    public static Tensor ToTensor(double[] values, Shape shape, Tensor like)
    {
        if (like.DType == DType.Float64)
        {
            return Tensor.From<double>(values, shape, like.Device);
        }

        float[] rounded = new float[values.Length];
        TensorPrimitives.ConvertTruncating<double, float>(values, rounded);
        return Tensor.From<float>(rounded, shape, like.Device);
    }

    /// <summary>Each matrix transposed.</summary>
    public HostMatrices Transposed()
    {
        HostMatrices result = new(new double[_values.Length], Count, Columns, Rows);
        for (int i = 0; i < Count; i++)
        {
            Transpose(this[i], Rows, Columns, result[i]);
        }

        return result;
    }

    /// <summary>Copies a matrix with rows and columns swapped, by blocks that stay in the cache.</summary>
    public static void Transpose(ReadOnlySpan<double> x, int rows, int columns, Span<double> y)
    {
        const int Block = 32;
        for (int r = 0; r < rows; r += Block)
        {
            for (int c = 0; c < columns; c += Block)
            {
                int lastRow = Math.Min(r + Block, rows), lastColumn = Math.Min(c + Block, columns);
                for (int i = r; i < lastRow; i++)
                {
                    for (int j = c; j < lastColumn; j++)
                    {
                        y[(j * rows) + i] = x[(i * columns) + j];
                    }
                }
            }
        }
    }
}
