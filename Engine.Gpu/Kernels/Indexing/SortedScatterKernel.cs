namespace Engine.Gpu;

/// <summary>The two launches of sums at sorted indices.</summary>
internal enum ScatterStage : byte
{
    /// <summary>Each work-item sums a chunk of the sorted terms, and writes the sums of indices that lie in the chunk alone.</summary>
    Chunks,

    /// <summary>Indices whose terms reach over several chunks: their parts are added in order.</summary>
    Join,
}

/// <summary>
/// Sums into indexed rows, from indices that were sorted once: the terms of an index are neighbours in the order, and a work-item goes through a chunk of it for
/// some columns. No work-item has more than a chunk to do, however often one index comes.
/// </summary>
/// <remarks>
/// The sort is stable, so that terms come in the order of the source. A sum that lies in one chunk begins with what the destination holds and has the bits of a
/// plain loop.
/// </remarks>
/// <param name="Stage">Which launch.</param>
/// <param name="Element">Type of source and destination.</param>
/// <param name="Index">Type of the index.</param>
/// <param name="Width">Columns of a work-item: neighbours in memory where there are several.</param>
/// <param name="HasCarry">Whether the rounding errors of each sum are summed beside it.</param>
/// <param name="Is64Bit">Whether offsets need 64 bits.</param>
internal readonly record struct SortedScatterKernel(ScatterStage Stage, DType Element, DType Index, int Width, bool HasCarry, bool Is64Bit) : IKernelDefinition
{
    private const int InFlight = 4;

    /// <inheritdoc/>
    public Kernel Build(GpuTarget target)
    {
        bool isJoin = Stage == ScatterStage.Join;
        KernelBuilder k = new(isJoin ? "scatter_add_join" : "scatter_add_chunks", target, IndexLaunch.GroupSize(target));
        SortedTerms terms = new(k, this);
        RunningSums sums = new(k, Element.InRegister(), Width, HasCarry);
        k.If(k.GlobalId < terms.Items, () =>
        {
            if (isJoin)
            {
                WriteJoin(k, terms, sums);
            }
            else
            {
                WriteChunk(k, terms, sums);
            }
        });
        return k.Build();
    }

    /// <summary>Numbers of a part: sums, and carries if there are any.</summary>
    public int NumbersOfPart(int columns) => columns * (HasCarry ? 2 : 1);

    /// <summary>Adds the arguments, in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in Operand order, in Operand index, in Operand source, in Operand destination, in Operand parts, in ScatterRows rows)
    {
        arguments.Add(order);
        arguments.Add(index);
        arguments.Add(source);
        arguments.Add(destination);
        arguments.Add(parts);
        arguments.Add(rows.Chunks * (rows.Columns / Width));
        arguments.Add(rows.Terms);
        arguments.Add(rows.Chunk);
        arguments.Add(rows.Chunks);
        arguments.Add(rows.Size);
        arguments.Add(rows.Columns);
        arguments.Add(rows.Columns / Width, new Divisor(rows.Columns / Width));
        foreach (long step in (ReadOnlySpan<long>)[rows.IndexStep, rows.SourceStep, rows.SourceColumn, rows.DestinationStep, rows.DestinationColumn])
        {
            arguments.AddIndex(step, Is64Bit);
        }
    }

    private static void WriteChunk(KernelBuilder k, SortedTerms terms, RunningSums sums)
    {
        Value start = terms.Chunk * terms.ChunkSize, end = k.Min(start + terms.ChunkSize, terms.Count);
        Value before = k.Select(start > 0, terms.IndexAt(k.Max(start - 1, k.Int32(0))), terms.None);
        Value after = k.Select(end < terms.Count, terms.IndexAt(k.Min(end, terms.Count - 1)), terms.None);
        Variable current = k.Variable(terms.None);

        void Flush() => k.If(terms.IsRow(current.Value), () => k.If(
            current.Value.Is(before) | current.Value.Is(after),
            () => terms.StorePart(terms.Chunk, k.Select(current.Value.Is(before), k.Int32(0), k.Int32(1)), sums),
            () => terms.StoreRow(current.Value, sums.Totals)));

        k.For(start, end, k.Int32(InFlight), first =>
        {
            Value[] exists = [.. Enumerable.Range(0, InFlight).Select(i => first + i < end)];
            Value[] places = [.. exists.Select((there, i) => terms.PlaceOf(first + i, there))];
            Value[] indices = [.. exists.Select((there, i) => terms.IndexOf(places[i], there))];
            Value[][] numbers = [.. exists.Select((there, i) => terms.Source(places[i], there))];
            for (int i = 0; i < InFlight; i++)
            {
                Value index = indices[i];
                Value[] number = numbers[i];
                k.If(exists[i], () =>
                {
                    k.If(index.IsNot(current.Value), () =>
                    {
                        Flush();
                        current.Value = index;
                        sums.Begin(terms.Row(index, terms.IsRow(index) & index.IsNot(before) & index.IsNot(after)));
                    });
                    sums.Add(number);
                });
            }
        });
        Flush();
    }

    private static void WriteJoin(KernelBuilder k, SortedTerms terms, RunningSums sums)
    {
        Value start = terms.Chunk * terms.ChunkSize, end = start + terms.ChunkSize;
        k.If(end < terms.Count, () =>
        {
            Value index = terms.IndexAt(end - 1);
            Value before = k.Select(start > 0, terms.IndexAt(k.Max(start - 1, k.Int32(0))), terms.None);
            k.If(terms.IsRow(index) & index.IsNot(before) & index.Is(terms.IndexAt(end)), () =>
            {
                // The last chunk that begins with the index, by halving.
                Variable low = k.Variable(terms.Chunk + 1), high = k.Variable(terms.Chunks - 1);
                k.For(0, k.Int32(31), 1, _ =>
                {
                    Value middle = (low.Value + high.Value + 1) / 2;
                    Value reaches = terms.IndexAt(middle * terms.ChunkSize) <= index;
                    Value next = k.Select(reaches, middle, low.Value), last = k.Select(reaches, high.Value, k.Max(middle - 1, next));
                    low.Value = next;
                    high.Value = last;
                });
                sums.Begin(terms.Row(index, k.Bool(true)));
                sums.AddPart(terms.Part(terms.Chunk, k.Int32(1), k.Bool(true)));
                Value stop = low.Value + 1;
                k.For(terms.Chunk + 1, stop, k.Int32(InFlight), first =>
                {
                    Value[][] parts = [.. Enumerable.Range(0, InFlight).Select(i => terms.Part(first + i, k.Int32(0), first + i < stop))];
                    for (int i = 0; i < InFlight; i++)
                    {
                        Value[] part = parts[i];
                        k.If(first + i < stop, () => sums.AddPart(part));
                    }
                });
                terms.StoreRow(index, sums.Totals);
            });
        });
    }
}

/// <summary>Sums of neighbouring columns, with what their roundings took away.</summary>
internal sealed class RunningSums
{
    private readonly KernelBuilder _k;
    private readonly Variable[] _sums, _carries;

    /// <summary>Sums of 0.</summary>
    public RunningSums(KernelBuilder k, RegisterType type, int width, bool hasCarry)
    {
        _k = k;
        Value zero = k.Constant(type, 0);
        (_sums, _carries) = (k.Variables(width, zero), k.Variables(hasCarry ? width : 0, zero));
    }

    /// <summary>Sums, then carries.</summary>
    public Value[] Numbers => [.. _sums.Concat(_carries).Select(static variable => variable.Value)];

    /// <summary>The sums with what was lost.</summary>
    public Value[] Totals => [.. _sums.Select((sum, i) => _carries.Length == 0 ? sum.Value : sum.Value + _carries[i].Value)];

    /// <summary>Begins anew.</summary>
    public void Begin(Value[] numbers)
    {
        for (int i = 0; i < _sums.Length; i++)
        {
            _sums[i].Value = numbers[i];
        }

        foreach (Variable carry in _carries)
        {
            carry.Value = carry.Value.Like(0);
        }
    }

    /// <summary>Adds a term for each column.</summary>
    public void Add(Value[] terms)
    {
        for (int i = 0; i < _sums.Length; i++)
        {
            Value before = _sums[i].Value, sum = before + terms[i];
            _sums[i].Value = sum;
            if (_carries.Length > 0)
            {
                _carries[i].Value += ScatterAddKernel.Lost(_k, before, terms[i], sum);
            }
        }
    }

    /// <summary>Adds sums and their carries.</summary>
    public void AddPart(Value[] numbers)
    {
        Add(numbers[.._sums.Length]);
        for (int i = 0; i < _carries.Length; i++)
        {
            _carries[i].Value += numbers[_sums.Length + i];
        }
    }
}
