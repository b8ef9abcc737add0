namespace Engine.Gpu;

/// <summary>One of the two directions of a pooling window, as parameters of a kernel.</summary>
internal sealed class PoolAxis
{
    private readonly KernelBuilder _k;
    private readonly Value _pad, _step;
    private readonly DivisorParameter _stride, _dilation;

    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    public PoolAxis(KernelBuilder k, string name)
    {
        _k = k;
        Size = k.Size(name);
        OutSize = k.Size(name + "_out");
        WindowSize = k.Size(name + "_window");
        _pad = k.Size(name + "_pad");
        _stride = new DivisorParameter(k, name + "_stride");
        _dilation = new DivisorParameter(k, name + "_dilation");
        _step = _dilation.Size;
    }

    /// <summary>Cells of the image.</summary>
    public Value Size { get; }

    /// <summary>Cells of the result.</summary>
    public Value OutSize { get; }

    /// <summary>Cells of a window.</summary>
    public Value WindowSize { get; }

    /// <summary>Adds the arguments of both directions, rows before columns.</summary>
    public static void Bind(ref ArgumentList arguments, in PoolGeometry g, Shape images, Shape results)
    {
        AddAxis(ref arguments, images[2], results[2], g.KernelH, g.PadH, g.StrideH, g.DilationH);
        AddAxis(ref arguments, images[3], results[3], g.KernelW, g.PadW, g.StrideW, g.DilationW);

        static void AddAxis(ref ArgumentList arguments, int size, int outSize, int window, int pad, int stride, int dilation)
        {
            arguments.Add(size);
            arguments.Add(outSize);
            arguments.Add(window);
            arguments.Add(pad);
            arguments.Add(stride, new Divisor(stride));
            arguments.Add(dilation, new Divisor(dilation));
        }
    }

    /// <summary>The cells of an output's window that lie inside the image: first, first + step, …, below end.</summary>
    public (Value First, Value End, Value Step) Cells(Value output)
    {
        Value start = (output * _stride.Size) - _pad;
        Value skipped = _dilation.Divide(_k.Max(-start, _k.Int32(0)) + _step - 1).Quotient;
        Value end = _k.Min(start + ((WindowSize - 1) * _step) + 1, Size);
        return (start + (skipped * _step), end, _step);
    }

    /// <summary>How many cells of an output's window lie inside the image.</summary>
    public Value CellCount(Value output)
    {
        (Value first, Value end, Value step) = Cells(output);
        return _dilation.Divide(_k.Max(end - first, _k.Int32(0)) + step - 1).Quotient;
    }

    /// <summary>The outputs from first to below end whose windows, were they filled, would cover a cell.</summary>
    public (Value First, Value End) Outputs(Value cell)
    {
        Value last = _stride.Divide(cell + _pad).Quotient + 1;
        Value before = cell + _pad - ((WindowSize - 1) * _step);
        Value first = _stride.Divide(_k.Max(before, _k.Int32(0)) + _stride.Size - 1).Quotient;
        return (first, _k.Min(last, OutSize));
    }

    /// <summary>Whether a cell under an output's window is one that the dilation does not skip.</summary>
    public Value Meets(Value cell, Value output) =>
        _dilation.Divide(_k.Max(cell + _pad - (output * _stride.Size), _k.Int32(0))).Remainder.Is(0);
}
