using System.Diagnostics;

namespace Engine.Gpu;

/// <summary>
/// The running state of a reduction's combiners in registers ("slots"): float32 sums hold their rounding errors in a second register,
/// index combiners hold value and index.
/// </summary>
/// <remarks>
/// Joining is symmetric down to the bits, so that a tree of any form over work-items gives each of them the same result; ties between
/// indices go to the earlier one.
/// </remarks>
internal sealed class Accumulators
{
    private readonly KernelBuilder _k;
    private readonly Combiner[] _combiners;
    private readonly RegisterType _compute;
    private readonly RegisterType _position;

    /// <summary>The slots of a program's combiners.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="program">Whose combiners.</param>
    /// <param name="compute">The type of the values.</param>
    /// <param name="position">The type of indices: Int32 or Int64.</param>
    public Accumulators(KernelBuilder k, ReduceProgram program, RegisterType compute, RegisterType position)
    {
        (_k, _compute, _position) = (k, compute, position);
        _combiners = program.Combiners.ToArray();
        Types = SlotTypes(program, compute, position);
    }

    /// <summary>The types of the slots.</summary>
    public RegisterType[] Types { get; }

    /// <summary>The types of the slots of a program.</summary>
    public static RegisterType[] SlotTypes(ReduceProgram program, RegisterType compute, RegisterType position)
    {
        List<RegisterType> types = [];
        foreach (Combiner combiner in program.Combiners)
        {
            types.Add(compute);
            if (HasSecondSlot(combiner, compute))
            {
                types.Add(combiner.YieldsIndex() ? position : compute);
            }
        }

        return [.. types];
    }

    /// <summary>The state of a result without elements.</summary>
    public Value[] Identity()
    {
        List<Value> slots = [];
        foreach (Combiner combiner in _combiners)
        {
            slots.Add(Identity(combiner));
            if (HasSecondSlot(combiner, _compute))
            {
                slots.Add(combiner.YieldsIndex() ? NoPosition : _k.Constant(_compute, 0));
            }
        }

        return [.. slots];
    }

    /// <summary>Takes in elements: for each the values of all combiners, and its index, in ascending order.</summary>
    public Value[] Add(Value[] slots, IReadOnlyList<Value[]> elements, IReadOnlyList<Value> positions)
    {
        Value[] result = [.. slots];
        for (int c = 0, slot = 0; c < _combiners.Length; c++)
        {
            Combiner combiner = _combiners[c];
            if (combiner.YieldsIndex())
            {
                for (int i = 0; i < elements.Count; i++)
                {
                    (result[slot], result[slot + 1]) = Later(combiner, result[slot], result[slot + 1], elements[i][c], positions[i]);
                }

                slot += 2;
                continue;
            }

            int column = c;
            Value joined = Tree([.. elements.Select(element => element[column])], (a, b) => Join(combiner, a, b));
            if (HasSecondSlot(combiner, _compute))
            {
                (result[slot], result[slot + 1]) = Compensate(result[slot], joined, result[slot + 1]);
                slot += 2;
            }
            else
            {
                result[slot] = Join(combiner, result[slot], joined);
                slot++;
            }
        }

        return result;
    }

    /// <summary>Joins two states.</summary>
    public Value[] Merge(Value[] a, Value[] b)
    {
        var result = new Value[a.Length];
        int slot = 0;
        foreach (Combiner combiner in _combiners)
        {
            if (combiner.YieldsIndex())
            {
                (result[slot], result[slot + 1]) = Better(combiner, a[slot], a[slot + 1], b[slot], b[slot + 1]);
                slot += 2;
            }
            else if (HasSecondSlot(combiner, _compute))
            {
                (result[slot], result[slot + 1]) = Compensate(a[slot], b[slot], a[slot + 1] + b[slot + 1]);
                slot += 2;
            }
            else
            {
                result[slot] = Join(combiner, a[slot], b[slot]);
                slot++;
            }
        }

        return result;
    }

    /// <summary>The accumulated values as the epilogue reads them.</summary>
    public Value[] Results(Value[] slots)
    {
        var results = new Value[_combiners.Length];
        for (int c = 0, slot = 0; c < results.Length; c++, slot++)
        {
            Combiner combiner = _combiners[c];
            results[c] = slots[slot];
            if (combiner.YieldsIndex())
            {
                Value position = slots[++slot];
                results[c] = _k.Select(position.Is(NoPosition), position.Like(0), position);
            }
            else if (HasSecondSlot(combiner, _compute))
            {
                Value error = slots[++slot];
                results[c] = _k.Select(error.Is(error), results[c] + error, results[c]);
            }
        }

        return results;
    }

    private static bool HasSecondSlot(Combiner combiner, RegisterType compute) =>
        combiner.YieldsIndex() || (combiner == Combiner.Sum && compute == RegisterType.Float32);

    private Value NoPosition => _position == RegisterType.Int32 ? _k.Int32(int.MaxValue) : _k.Int64(long.MaxValue);

    private Value Identity(Combiner combiner)
    {
        double identity = combiner.Identity();
        return _compute switch
        {
            RegisterType.Int32 when double.IsInfinity(identity) => _k.Int32(identity < 0 ? int.MinValue : int.MaxValue),
            RegisterType.Int64 when double.IsInfinity(identity) => _k.Int64(identity < 0 ? long.MinValue : long.MaxValue),
            _ => _k.Constant(_compute, identity),
        };
    }

    private Value Join(Combiner combiner, Value a, Value b) => combiner switch
    {
        Combiner.Sum => a + b,
        Combiner.Product => a * b,
        Combiner.Max => _k.Max(a, b),
        Combiner.Min => _k.Min(a, b),
        _ => throw new UnreachableException(),
    };

    private static Value Tree(Value[] values, Func<Value, Value, Value> join)
    {
        while (values.Length > 1)
        {
            var halves = new Value[(values.Length + 1) / 2];
            for (int i = 0; i < halves.Length; i++)
            {
                halves[i] = (2 * i) + 1 < values.Length ? join(values[2 * i], values[(2 * i) + 1]) : values[2 * i];
            }

            values = halves;
        }

        return values[0];
    }

    // a + b + rest as a sum and an error of less than its last digit. The rest is added to the sum each time: an error that only collected the lost
    // digits would itself lose digits. Where the sum overflows, the error is ∞ − ∞ and has no meaning.
    private (Value Sum, Value Error) Compensate(Value a, Value b, Value rest)
    {
        (Value sum, Value error) = ExactSum(a, b);
        rest += error;
        return ExactSum(sum, _k.Select(rest.Is(rest), rest, rest.Like(0)));
    }

    // a + b = sum + error without any rounding (Knuth); bits do not change if a and b are exchanged.
    private static (Value Sum, Value Error) ExactSum(Value a, Value b)
    {
        Value sum = a + b, share = sum - a;
        return (sum, a - (sum - share) + (b - share));
    }

    // A later element takes the place of the best one only if it is strictly better. The first element always does, and so does the first NaN.
    private (Value Best, Value Position) Later(Combiner combiner, Value best, Value bestPosition, Value value, Value position)
    {
        Value isBetter = combiner == Combiner.ArgMax ? value > best : value < best;
        Value replaces = isBetter | bestPosition.Is(NoPosition);
        if (value.Type.IsFloat())
        {
            replaces = (replaces | value.IsNot(value)) & best.Is(best);
        }

        return (_k.Select(replaces, value, best), _k.Select(replaces, position.To(_position), bestPosition));
    }

    private (Value Best, Value Position) Better(Combiner combiner, Value a, Value aPosition, Value b, Value bPosition)
    {
        Value isEarlier = bPosition < aPosition;
        Value takes = (combiner == Combiner.ArgMax ? b > a : b < a) | (b.Is(a) & isEarlier);
        if (a.Type.IsFloat())
        {
            Value aIsNaN = a.IsNot(a), bIsNaN = b.IsNot(b);
            takes = (bIsNaN & (!aIsNaN | isEarlier)) | (!aIsNaN & takes);
        }

        return (_k.Select(takes, b, a), _k.Select(takes, bPosition, aPosition));
    }
}
