namespace Engine;

/// <summary>How elements that meet at one index become one, in <see cref="Tensor.ScatterReduce"/>.</summary>
public enum ScatterReduction
{
    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>Their mean; integers are divided with rounding down.</summary>
    Mean,

    /// <summary>Their product.</summary>
    Prod,

    /// <summary>The largest; NaN wins.</summary>
    Max,

    /// <summary>The smallest; NaN wins.</summary>
    Min,
}

public sealed partial class Tensor
{
    /// <summary>A copy of this tensor whose elements are reduced with those of <paramref name="source"/> that have their index along an axis.</summary>
    /// <param name="axis">The axis that the index addresses.</param>
    /// <param name="index">int64 or int32, of source's shape and this tensor's rank, at the other axes not larger than it; from 0 to the axis' size − 1.</param>
    /// <param name="source">The terms, of this tensor's type.</param>
    /// <param name="reduction">How they meet.</param>
    /// <param name="includeSelf">Whether the element that is there is one of them; it stays in any case where no index names it.</param>
    /// <remarks>
    /// Terms are taken in a fixed order, that of the index. Equal largest (or smallest) elements share the gradient evenly; that of the product is
    /// right where elements are 0. Indices outside of the axis are an error in host memory; on a card they are left out.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: an index lies outside the axis.</exception>
    public Tensor ScatterReduce(int axis, Tensor index, Tensor source, ScatterReduction reduction, bool includeSelf = true)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(source);
        int at = Guard.Axis(axis, Rank);
        ScatterOps.Check(nameof(ScatterReduce), this, index, source, at);
        if (!Enum.IsDefined(reduction))
        {
            throw new ArgumentOutOfRangeException(nameof(reduction), reduction, "ScatterReduce: no such reduction.");
        }

        if (source.ElementCount == 0)
        {
            return Clone();
        }

        using TensorScope scope = TensorScope.Begin();
        return scope.Keep(reduction switch
        {
            ScatterReduction.Sum => ScatterReductions.Sum(this, index, source, at, includeSelf),
            ScatterReduction.Mean => ScatterReductions.Mean(this, index, source, at, includeSelf),
            ScatterReduction.Prod => ScatterReductions.Product(this, index, source, at, includeSelf),
            _ => ScatterReductions.Extreme(this, index, source, at, includeSelf, reduction == ScatterReduction.Max),
        });
    }
}

/// <summary>The reductions by index.</summary>
file static class ScatterReductions
{
    public static Tensor Sum(Tensor x, Tensor index, Tensor source, int axis, bool includeSelf) =>
        (includeSelf ? x : x.Scattered(index, Filled(0, index.Shape, x), axis, distinct: false)).ScatterAdd(axis, index, source);

    public static Tensor Mean(Tensor x, Tensor index, Tensor source, int axis, bool includeSelf)
    {
        Tensor start = Filled(includeSelf ? 1 : 0, x.Shape, x), counts = start.ScatterAdd(axis, index, Filled(1, index.Shape, x).ContiguousOrSelf());
        Tensor sum = Sum(x, index, source, axis, includeSelf);
        counts = includeSelf ? counts : Tensor.Maximum(counts, Filled(1, x.Shape, x));
        return x.DType.IsFloatingPoint() ? sum / counts : sum.FloorDiv(counts);
    }

    public static Tensor Product(Tensor x, Tensor index, Tensor source, int axis, bool includeSelf)
    {
        (Tensor sorted, Tensor reduced) = Reduced(index, source, axis, static (a, b) => a * b);
        return includeSelf ? x * Filled(1, x.Shape, x).Scattered(sorted, reduced, axis, distinct: false) : x.Scattered(sorted, reduced, axis, distinct: false);
    }

    public static Tensor Extreme(Tensor x, Tensor index, Tensor source, int axis, bool includeSelf, bool isMax)
    {
        Tensor y;
        using (GradMode.Scope mode = GradMode.Off())
        {
            (Tensor sorted, Tensor reduced) = Reduced(index, source, axis, isMax ? Tensor.Maximum : Tensor.Minimum);
            y = x.Scattered(sorted, reduced, axis, distinct: false);
            y = !includeSelf ? y : isMax ? Tensor.Maximum(x, y) : Tensor.Minimum(x, y);
        }

        return Tensor.ShouldTrack(x, source) ? y.Record(new ScatterExtremeNode(x, index, source, y, axis, includeSelf).Reading(index)) : y;
    }

    /// <summary>The index in ascending order and, at the last of equal ones, all their elements reduced: runs by doubling, the axis' logarithm of steps.</summary>
    private static (Tensor Index, Tensor Reduced) Reduced(Tensor index, Tensor source, int axis, Func<Tensor, Tensor, Tensor> reduce)
    {
        Tensor order = index.ArgSort(axis), sorted = index.Gather(axis, order), runs = source.Gather(axis, order);
        int size = index.Shape[axis];
        for (int shift = 1; shift < size; shift *= 2)
        {
            Tensor late = runs.Narrow(axis, shift, size - shift);
            Tensor isSame = sorted.Narrow(axis, shift, size - shift).EqualTo(sorted.Narrow(axis, 0, size - shift));
            Tensor joined = Tensor.Where(isSame, reduce(runs.Narrow(axis, 0, size - shift), late), late);
            runs = Tensor.Concat([runs.Narrow(axis, 0, shift), joined], axis);
        }

        return (sorted, runs);
    }

    private static Tensor Filled(double value, Shape shape, Tensor like) => Tensor.Full(Shape.Scalar, value, like.DType, like.Device).ExpandOrSelf(shape);
}

/// <summary>The gradient goes in equal parts to all elements that are equal to the result of their place.</summary>
file sealed class ScatterExtremeNode(Tensor x, Tensor index, Tensor source, Tensor result, int axis, bool includeSelf) : GradNode(x, source)
{
    private const string Op = "ScatterReduce";

    private readonly SavedTensor _x = new(Op, x), _index = new(Op, index), _source = new(Op, source), _result = new(Op, result.Detach());

    public override string Name => Op;

    internal override void Backward(Tensor dy, GradSink sink)
    {
        Tensor index = _index.Value, isTerm, isSelf;
        using (GradMode.Scope mode = GradMode.Off())
        {
            isTerm = _source.Value.EqualTo(_result.Value.Gather(axis, index)).ToOrSelf(dy.DType);
            isSelf = _x.Value.EqualTo(_result.Value).ToOrSelf(dy.DType);
            if (!includeSelf)
            {
                isSelf = Tensor.Ones(dy.Shape, dy.DType, dy.Device).Scattered(index, Tensor.Zeros(index.Shape, dy.DType, dy.Device), axis, distinct: false);
            }
        }

        Tensor share = dy / isSelf.ScatterAdd(axis, index, isTerm).Clamp(min: 1);
        if (sink.Needs(0))
        {
            sink.Add(0, share * isSelf);
        }

        if (sink.Needs(1))
        {
            sink.Add(1, share.Gather(axis, index) * isTerm);
        }
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved()
    {
        _x.Release();
        _index.Release();
        _source.Release();
        _result.Release();
    }
}
