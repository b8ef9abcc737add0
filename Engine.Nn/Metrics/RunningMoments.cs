namespace Engine.Nn;

/// <summary>
/// Means, and sums of squares and products of the distances from them, of two series side by side, by column. Batches are joined by Chan's formula
/// (1983), so that a large mean takes no digits from the spread. On the device, in double precision where it has that.
/// </summary>
internal sealed class RunningMoments
{
    private const int Figures = 5;

    private Tensor? _state;

    /// <summary>How many rows have been counted.</summary>
    public long Count { get; private set; }

    /// <summary>Adds rows [n, columns] of both series.</summary>
    public void Add(Tensor a, Tensor b)
    {
        (int n, int columns) = (a.Shape[0], a.Shape[1]);
        if (n == 0)
        {
            return;
        }

        DType type = a.Device.HasFloat64 ? DType.Float64 : DType.Float32;
        (a, b) = (a.To(type), b.To(type));
        Tensor meanA = a.Mean(0), meanB = b.Mean(0), awayA = a - meanA, awayB = b - meanB;
        Tensor squaresA = awayA.Square().Sum(0), squaresB = awayB.Square().Sum(0), products = (awayA * awayB).Sum(0);
        if (Count > 0)
        {
            Tensor before = _state!.To(a.Device).To(type);
            if (before.Shape[1] != columns)
            {
                throw new ShapeMismatchException($"A batch has {columns} columns, those before had {before.Shape[1]}.");
            }

            double share = n / (double)(Count + n);
            Tensor stepA = meanA - before.Select(0, 0), stepB = meanB - before.Select(0, 1);
            meanA = before.Select(0, 0) + (stepA * share);
            meanB = before.Select(0, 1) + (stepB * share);
            squaresA = before.Select(0, 2) + squaresA + (stepA.Square() * (Count * share));
            squaresB = before.Select(0, 3) + squaresB + (stepB.Square() * (Count * share));
            products = before.Select(0, 4) + products + (stepA * stepB * (Count * share));
        }

        Tensor state = Tensor.Stack([meanA, meanB, squaresA, squaresB, products]);
        using TensorScope outside = TensorScope.Suspend();
        Tensor? old = _state;
        _state = state.Clone();
        old?.Dispose();
        Count += n;
    }

    /// <summary>The columns: means, sums of squares and of products; waits for the device.</summary>
    public Column[] Read()
    {
        if (_state is null || Count == 0)
        {
            return [];
        }

        double[] figures = _state.ToArray<double>();
        int columns = figures.Length / Figures;
        return [.. Enumerable.Range(0, columns).Select(c => new Column(figures[c], figures[columns + c], figures[(2 * columns) + c], figures[(3 * columns) + c], figures[(4 * columns) + c]))];
    }

    public void Reset()
    {
        _state?.Dispose();
        _state = null;
        Count = 0;
    }

    public void Save(TrainingState state)
    {
        state.Set("samples", Count);
        if (_state is not null)
        {
            state.Add("moments", _state);
        }
    }

    public void Load(TrainingState state)
    {
        Reset();
        Count = state.Integer("samples");
        if (state.Contains("moments"))
        {
            using TensorScope outside = TensorScope.Suspend();
            Tensor saved = state.Tensor("moments");
            _state = saved.Rank == 2 && saved.Shape[0] == Figures && saved.DType.IsFloatingPoint()
                ? saved.Clone()
                : throw new ModelFileException($"The moments are {saved.DType.ShortName()} {saved.Shape}; they should be floating point [{Figures}, columns].");
        }
        else
        {
            Count = 0;
        }
    }

    /// <summary>The figures of one column.</summary>
    internal readonly record struct Column(double MeanA, double MeanB, double SquaresA, double SquaresB, double Products);
}
