namespace Engine.Backends;

/// <summary>
/// Runs one program over many sets of tensors, such as an optimizer's step over all parameters, in one launch: it collects items for
/// <see cref="Backend.MapGroup"/>. It is used again and again, by one thread at a time.
/// </summary>
/// <param name="program">The program that all items compute.</param>
public sealed class PointwiseGroup(MapProgram program)
{
    private static readonly long[] s_zeroStrides = new long[Shape.MaxRank];

    private Operand[] _inputs = [];
    private Operand[] _outputs = [];
    private Device? _device;

    /// <summary>The program that all items compute.</summary>
    public MapProgram Program { get; } = program ?? throw new ArgumentNullException(nameof(program));

    /// <summary>The items since the last run.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Adds an item whose outputs will overwrite <paramref name="destinations"/>. It refuses, with false, an item on another device or of other
    /// element types than the ones before, destinations with gaps, and inputs that are neither one value nor in the same order of memory as the
    /// destinations (<see cref="MemoryFormat"/>): use <see cref="Pointwise"/> for these.
    /// </summary>
    /// <exception cref="ArgumentException">Destinations or inputs are not as many as the program has.</exception>
    public bool TryAdd(ReadOnlySpan<Tensor> destinations, ReadOnlySpan<Tensor> inputs)
    {
        Guard.NoNulls(destinations);
        Guard.NoNulls(inputs);
        Pointwise.CheckCounts(Program, inputs.Length, destinations.Length, int.MaxValue);
        Pointwise.CheckType(Program, destinations[0].DType);
        Shape shape = destinations[0].Shape;
        if (shape.ElementCount == 0 || !Fits(destinations, inputs, shape))
        {
            return false;
        }

        // Items are contiguous for a backend: images and filters with channels last are, if their axes are named in the order of memory.
        Layout order = destinations[0].Layout.InOrderOfMemory;
        int firstInput = Count * inputs.Length, firstOutput = Count * destinations.Length;
        MakeRoom(ref _inputs, firstInput + inputs.Length);
        MakeRoom(ref _outputs, firstOutput + destinations.Length);
        for (int k = 0; k < inputs.Length; k++)
        {
            Operand operand = inputs[k].Operand;
            _inputs[firstInput + k] = operand.Shape != shape ? operand.With(new Layout(order.Shape, s_zeroStrides, operand.Layout.Offset)) : operand.With(operand.Layout.InOrderOfMemory);
        }

        for (int k = 0; k < destinations.Length; k++)
        {
            Operand operand = destinations[k].Operand;
            _outputs[firstOutput + k] = operand.With(operand.Layout.InOrderOfMemory);
            destinations[k].Storage.MarkWritten();
        }

        _device = destinations[0].Device;
        Count++;
        return true;
    }

    /// <summary>Computes all items with the same parameters, and forgets them.</summary>
    /// <exception cref="ArgumentException">There are fewer parameters than the program reads.</exception>
    public void Run(ReadOnlySpan<double> parameters)
    {
        Pointwise.CheckCounts(Program, Program.InputCount, Program.OutputCount, parameters.Length);
        Run(parameters, null);
    }

    /// <summary>Computes all items with parameters that the device reads from its memory, and forgets them.</summary>
    /// <param name="parameters">See <see cref="Pointwise.Into(ReadOnlySpan{Tensor}, MapProgram, ReadOnlySpan{Tensor}, Tensor)"/>.</param>
    public void Run(Tensor parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Run([], parameters);
    }

    /// <summary>Forgets all items without computing them.</summary>
    public void Clear()
    {
        // Operands refer to their storages; without them the collector finds gradients that were not disposed.
        Array.Clear(_inputs, 0, Math.Min(_inputs.Length, Count * Program.InputCount));
        Array.Clear(_outputs, 0, Math.Min(_outputs.Length, Count * Program.OutputCount));
        Count = 0;
    }

    private void Run(ReadOnlySpan<double> parameters, Tensor? memory)
    {
        if (Count == 0)
        {
            return;
        }

        int inputs = Count * Program.InputCount, outputs = Count * Program.OutputCount;
        DType compute = _outputs[0].DType.ComputeType();
        if (memory is not null)
        {
            Guard.ParameterMemory(nameof(PointwiseGroup), Program, compute, _device!, memory);
        }

        try
        {
            _device!.Backend.MapGroup(new MapGroupArgs
            {
                Program = Program,
                ComputeType = compute,
                Count = Count,
                Inputs = _inputs.AsSpan(0, inputs),
                Outputs = _outputs.AsSpan(0, outputs),
                Parameters = parameters,
                ParameterMemory = memory?.Operand,
            });
        }
        finally
        {
            Clear();
        }
    }

    private bool Fits(ReadOnlySpan<Tensor> destinations, ReadOnlySpan<Tensor> inputs, Shape shape)
    {
        // Element numbers are those of row-major order.
        bool isContiguous = destinations[0].IsContiguous || Program.UsesIndex;
        for (int k = 0; k < destinations.Length; k++)
        {
            Tensor y = destinations[k];
            if (y.Shape != shape || !LiesSo(y) || (Count > 0 && (y.Device != _device || y.DType != _outputs[k].DType)))
            {
                return false;
            }
        }

        for (int k = 0; k < inputs.Length; k++)
        {
            Tensor x = inputs[k];
            if (!(x.ElementCount == 1 || (x.Shape == shape && LiesSo(x))) || (Count > 0 && x.DType != _inputs[k].DType))
            {
                return false;
            }
        }

        return true;

        bool LiesSo(Tensor x) => isContiguous ? x.IsContiguous : x.Layout.IsChannelsLast;
    }

    private static void MakeRoom(ref Operand[] operands, int count)
    {
        if (operands.Length < count)
        {
            Array.Resize(ref operands, Math.Max(count, operands.Length * 2));
        }
    }
}
