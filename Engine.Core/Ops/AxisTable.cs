using System.Runtime.CompilerServices;

namespace Engine;

/// <summary>
/// How elements of one axis make those of another: y[i] = Σ over t of weight[i, t]·x[index[i, t]]. Borders, adaptive means and interpolation are
/// such tables. A weight of 0 leaves its element out, whatever it is. The transposed table is that of the gradient.
/// </summary>
internal sealed class AxisTable
{
    // A table that is mostly gaps is summed at its indices instead. Not measured.
    private const int MostGaps = 4;

    private readonly ConditionalWeakTable<Device, Uploads> _uploads = [];
    private AxisTable? _transposed;

    private AxisTable(int size, int taps, int[] indices, double[] weights)
    {
        (Size, Taps, Indices, Weights) = (size, taps, indices, weights);
        OnlyPicks = taps == 1 && !weights.AsSpan().ContainsAnyExcept(1.0);
        Used = weights.Length - weights.AsSpan().Count(0.0);
    }

    /// <summary>Elements of x's axis.</summary>
    public int Size { get; }

    /// <summary>Most elements that make one.</summary>
    public int Taps { get; }

    /// <summary>[count, taps].</summary>
    public int[] Indices { get; }

    /// <summary>[count, taps].</summary>
    public double[] Weights { get; }

    /// <summary>Elements of y's axis.</summary>
    public int Count => Indices.Length / Taps;

    /// <summary>Whether each element of y is one of x.</summary>
    public bool OnlyPicks { get; }

    /// <summary>Weights that are not 0.</summary>
    public int Used { get; }

    /// <summary>Whether one element of y is made of many while most are made of few.</summary>
    public bool IsSkewed => Indices.Length > MostGaps * (long)Math.Max(Used, 1) && Indices.Length > MostGaps * (long)Transposed.Indices.Length;

    /// <summary>x's elements from y's, with the same weights.</summary>
    public AxisTable Transposed => Volatile.Read(ref _transposed) ?? Interlocked.CompareExchange(ref _transposed, Transpose(), null) ?? _transposed;

    /// <summary>A table whose elements are all picked.</summary>
    public static AxisTable Pick(int size, int[] indices)
    {
        double[] weights = new double[indices.Length];
        Array.Fill(weights, 1);
        return new AxisTable(size, 1, indices, weights);
    }

    /// <summary>A table of weighted sums.</summary>
    /// <param name="size">Elements of x's axis.</param>
    /// <param name="rows">Of each element of y, the elements that it is made of. Equal ones are joined.</param>
    public static AxisTable Sum(int size, IReadOnlyList<IReadOnlyList<(int Index, double Weight)>> rows)
    {
        int taps = 1;
        foreach (IReadOnlyList<(int Index, double Weight)> row in rows)
        {
            taps = Math.Max(taps, row.Count);
        }

        int[] indices = new int[checked(rows.Count * taps)];
        double[] weights = new double[indices.Length];
        for (int i = 0; i < rows.Count; i++)
        {
            int used = 0;
            foreach ((int index, double weight) in rows[i])
            {
                int at = indices.AsSpan(i * taps, used).IndexOf(index);
                indices[(i * taps) + (at < 0 ? used : at)] = index;
                weights[(i * taps) + (at < 0 ? used++ : at)] += weight;
            }
        }

        return new AxisTable(size, taps, indices, weights);
    }

    /// <summary>Indices, int32 [count·taps], and weights, [count, taps], on a device. They stay there, so that a step that is captured need not upload them.</summary>
    public (Tensor Indices, Tensor Weights) On(Device device, DType type)
    {
        Uploads uploads = _uploads.GetOrCreateValue(device);
        lock (uploads)
        {
            Tensor indices = uploads.Indices ??= Tensor.From<int>(Indices, device).Keep();
            ref Tensor? weights = ref type == DType.Float64 ? ref uploads.Doubles : ref uploads.Singles;
            weights ??= (type == DType.Float64
                ? Tensor.From<double>(Weights, [Count, Taps], device)
                : Tensor.From<float>(Array.ConvertAll(Weights, static w => (float)w), [Count, Taps], device)).Keep();
            return (indices, weights);
        }
    }

    private AxisTable Transpose()
    {
        List<(int Index, double Weight)>[] rows = new List<(int, double)>[Size];
        for (int i = 0; i < Size; i++)
        {
            rows[i] = [];
        }

        for (int i = 0; i < Indices.Length; i++)
        {
            if (Weights[i] != 0)
            {
                rows[Indices[i]].Add((i / Taps, Weights[i]));
            }
        }

        AxisTable table = Sum(Count, rows);
        table._transposed = this;
        return table;
    }

    private sealed class Uploads
    {
        public Tensor? Indices, Singles, Doubles;
    }
}
