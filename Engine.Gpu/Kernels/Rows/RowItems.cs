namespace Engine.Gpu;

/// <summary>The work-items of a group laid over rows of operands that are seen as [outer, length, inner]; row number = outer · inner + inner.</summary>
internal sealed class RowItems
{
    private const int Unrolled = 4, UnrolledRuns = 2;

    private readonly KernelBuilder _k;
    private readonly RowShape _shape;
    private readonly DivisorParameter _inner;

    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    public RowItems(KernelBuilder k, RowShape shape)
    {
        (_k, _shape) = (k, shape);
        Value rows = k.Size("rows");
        Length = k.Size("length");
        _inner = new DivisorParameter(k, "inner");
        Lane = k.LocalId % shape.Width;
        Value row = (k.GroupX * (k.GroupSize / shape.Width)) + (k.LocalId / shape.Width);
        Exists = row < rows;
        Row = k.Select(Exists, row, k.Int32(0));
    }

    /// <summary>Elements of a row.</summary>
    public Value Length { get; }

    /// <summary>Whether the item has a row; items without one take part in reductions only.</summary>
    public Value Exists { get; }

    /// <summary>The item's row, 0 where it has none.</summary>
    public Value Row { get; }

    /// <summary>The item's index among those of its row.</summary>
    public Value Lane { get; }

    /// <summary>Whether the item writes the results of which each row has one.</summary>
    public Value IsFirst => Lane.Is(0) & Exists;

    /// <summary>Adds the arguments.</summary>
    public static void Bind(ref ArgumentList arguments, in RowSplit split)
    {
        arguments.Add((int)split.Rows);
        arguments.Add(split.Length);
        arguments.Add(split.Inner, new Divisor(split.Inner));
    }

    /// <summary>Reductions over a row.</summary>
    public GroupReduction Reduction(params ReadOnlySpan<RegisterType> types) => new(_k, types, _shape.Width);

    /// <summary>One of the operands.</summary>
    public RowOperand Operand(Memory memory, StridesParameter strides)
    {
        (Value outer, Value inner) = _inner.Divide(Row);
        return new RowOperand(memory, strides.Along(0, outer) + strides.Along(2, inner), strides[1]);
    }

    /// <summary>How the items are laid out.</summary>
    public RowShape Shape => _shape;

    /// <summary>Carries out <paramref name="body"/> for each element of the item: its index in the row and whether there is one.</summary>
    public void ForEach(Action<Value, Value> body) => ForEachRun((first, exists) =>
    {
        for (int i = 0; i < _shape.Run; i++)
        {
            body(first + i, exists);
        }
    });

    /// <summary>Carries out <paramref name="body"/> for each run of the item's elements: the first one's index in the row, and whether there is one.</summary>
    /// <remarks>
    /// Where the elements are kept in registers, all passes see the same values and memory is read once. Reads are conditional and give 0
    /// where there is no element, so that the body may combine values without a check.
    /// </remarks>
    public void ForEachRun(Action<Value, Value> body)
    {
        Value first = Lane * _shape.Run;
        if (_shape.Kept > 0)
        {
            Slots(first, Math.Max(_shape.Kept / _shape.Run, 1), body);
            return;
        }

        // Several reads in flight at a time.
        int runs = _shape.Run == 1 ? Unrolled : UnrolledRuns;
        Value end = _k.Select(Exists, Length, _k.Int32(0));
        _k.For(first, end, _k.Int32(runs * _shape.Width * _shape.Run), index => Slots(index, runs, body));
    }

    /// <summary>The elements of operands; one pass or, where they are kept, all passes read them once.</summary>
    public RowReader Reader(params RowOperand[] operands) => new(_k, this, operands, _shape.Kept > 0);

    private void Slots(Value first, int count, Action<Value, Value> body)
    {
        for (int i = 0; i < count; i++)
        {
            Value index = first + (i * _shape.Width * _shape.Run);
            body(index, Exists & (index < Length));
        }
    }
}

/// <summary>An operand as the items of a row see it.</summary>
/// <param name="Memory">Where it is.</param>
/// <param name="Start">The offset of the row's first element.</param>
/// <param name="Step">From one element to the next.</param>
internal sealed record RowOperand(Memory Memory, Value Start, Value Step)
{
    /// <summary>The offset of an element.</summary>
    public Value Offset(Value index) => Start + (index.To(Step.Type) * Step);
}

/// <summary>Reads rows in passes.</summary>
internal sealed class RowReader(KernelBuilder k, RowItems rows, RowOperand[] operands, bool keeps)
{
    private readonly List<Value[][]> _kept = [];

    /// <summary>The type of the first operand's values.</summary>
    public RegisterType Type => operands[0].Memory.Element.InRegister();

    /// <summary>
    /// One pass: the body gets the element's index in the row, whether there is one, and the values (0 where there is none), then those
    /// of operands that only this pass reads.
    /// </summary>
    public void ForEach(Action<Value, Value, Value[]> body, params RowOperand[] also) => ForEachRun(also, (first, exists, values) =>
    {
        for (int i = 0; i < values.Length; i++)
        {
            body(first + i, exists, values[i]);
        }
    });

    /// <summary>One pass as <see cref="ForEach"/>, whose body's values are written.</summary>
    public void Write(RowOperand output, Func<Value, Value, Value[], Value> body, params RowOperand[] also) => ForEachRun(also, (first, exists, values) =>
    {
        var results = new Value[values.Length];
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = body(first + i, exists, values[i]);
        }

        if (rows.Shape.IsAligned)
        {
            k.StoreVector(output.Memory, output.Offset(first), results, exists);
            return;
        }

        for (int i = 0; i < results.Length; i++)
        {
            k.Store(output.Memory, output.Offset(first + i), results[i], exists);
        }
    });

    // Values by element of the run, then by operand.
    private void ForEachRun(RowOperand[] also, Action<Value, Value, Value[][]> body)
    {
        int slot = 0;
        bool isFirst = _kept.Count == 0;
        rows.ForEachRun((first, exists) =>
        {
            Value[][] values = keeps && !isFirst ? _kept[slot++] : Array.ConvertAll(operands, operand => Load(operand, first, exists));
            if (keeps && isFirst)
            {
                _kept.Add(values);
            }

            Value[][] all = [.. values, .. Array.ConvertAll(also, operand => Load(operand, first, exists))];
            body(first, exists, [.. Enumerable.Range(0, rows.Shape.Run).Select(i => Array.ConvertAll(all, run => run[i]))]);
        });
    }

    private Value[] Load(RowOperand operand, Value first, Value exists) => rows.Shape.IsAligned
        ? k.LoadVector(operand.Memory, operand.Offset(first), rows.Shape.Run, exists)
        : [.. Enumerable.Range(0, rows.Shape.Run).Select(i => k.Load(operand.Memory, operand.Offset(first + i), exists))];
}
