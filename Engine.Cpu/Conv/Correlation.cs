using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The common part of forward and backward-data convolutions: for each image and group,
/// out[k, p, q] = Σ in[c, rows.At(p, i), columns.At(q, j)] · w[k, c, rows.Tap(i), columns.Tap(j)] over c, i, j.
/// </summary>
internal readonly record struct Correlation
{
    /// <summary>10 µs on one thread: waking another costs its caller 10 to 20 µs where it has parked.</summary>
    private const double ParallelFlops = 1e6;

    public required int Batch { get; init; }

    public required int Groups { get; init; }

    /// <summary>Input channels of one group.</summary>
    public required int InChannels { get; init; }

    /// <summary>Output channels of one group.</summary>
    public required int OutChannels { get; init; }

    public required TapAxis Rows { get; init; }

    public required TapAxis Columns { get; init; }

    /// <summary>Elements between the weights of neighbouring groups.</summary>
    public required nint WeightGroupStride { get; init; }

    /// <summary>Elements between the weights of neighbouring output channels.</summary>
    public required nint WeightOutStride { get; init; }

    /// <summary>Elements between the weights of neighbouring input channels.</summary>
    public required nint WeightInStride { get; init; }

    /// <summary>Elements of one row of the kernel.</summary>
    public required int KernelWidth { get; init; }

    /// <summary>Products that each output sums.</summary>
    public int Taps
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => InChannels * Rows.Count * Columns.Count;
    }

    /// <summary>Elements of one input channel.</summary>
    public nint InPlane
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (nint)Rows.InSize * Columns.InSize;
    }

    /// <summary>Elements of one output channel.</summary>
    public nint OutPlane
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (nint)Rows.OutSize * Columns.OutSize;
    }

    /// <summary>Multiply-adds counted as two operations.</summary>
    public double Flops => 2.0 * Batch * Groups * OutChannels * OutPlane * Taps;

    /// <summary>Runs a loop on the threads of the pool, or on the calling one where waking them would take longer than they save.</summary>
    public void Loop<TBody>(WorkerPool pool, int parts, ref TBody body) where TBody : struct, IParallelBody
    {
        if (Flops >= ParallelFlops)
        {
            pool.Run(parts, ref body);
        }
        else
        {
            for (int part = 0; part < parts; part++)
            {
                body.Run(part, 0);
            }
        }
    }

    /// <summary>
    /// Whether the flat run of an image's outputs meets each tap at a flat run of the input: no stride, no padding, and rows as long as
    /// the output's. Then the input needs no lowering. All 1×1 convolutions of stride 1 are such.
    /// </summary>
    public bool ReadsInputDirectly =>
        Columns is { Count: 1, Stride: 1, FirstOffset: 0 } && Columns.OutSize == Columns.InSize
        && Rows.Stride == 1 && Rows.LowestOffset >= 0 && Rows.OutSize - 1 + Rows.LowestOffset + Rows.Extent < Rows.InSize;

    public static Correlation Forward(in ConvGeometry g) => new()
    {
        Batch = g.Batch,
        Groups = g.Groups,
        InChannels = g.InChannels / g.Groups,
        OutChannels = g.OutChannels / g.Groups,
        Rows = TapAxis.Forward(g.InHeight, g.OutHeight, g.KernelHeight, g.StrideH, g.PadH, g.DilationH),
        Columns = TapAxis.Forward(g.InWidth, g.OutWidth, g.KernelWidth, g.StrideW, g.PadW, g.DilationW),
        WeightGroupStride = WeightsOfOutput(g) * (g.OutChannels / g.Groups),
        WeightOutStride = WeightsOfOutput(g),
        WeightInStride = g.KernelHeight * g.KernelWidth,
        KernelWidth = g.KernelWidth,
    };

    /// <summary>The gradient to the rows and columns of x that are congruent to the two residues modulo the strides.</summary>
    public static Correlation BackwardData(in ConvGeometry g, int rowResidue, int columnResidue) => new()
    {
        Batch = g.Batch,
        Groups = g.Groups,
        InChannels = g.OutChannels / g.Groups,
        OutChannels = g.InChannels / g.Groups,
        Rows = TapAxis.BackwardData(g.InHeight, g.OutHeight, g.KernelHeight, g.StrideH, g.PadH, g.DilationH, rowResidue),
        Columns = TapAxis.BackwardData(g.InWidth, g.OutWidth, g.KernelWidth, g.StrideW, g.PadW, g.DilationW, columnResidue),
        WeightGroupStride = WeightsOfOutput(g) * (g.OutChannels / g.Groups),
        WeightOutStride = g.KernelHeight * g.KernelWidth,
        WeightInStride = WeightsOfOutput(g),
        KernelWidth = g.KernelWidth,
    };

    private static nint WeightsOfOutput(in ConvGeometry g) => (nint)(g.InChannels / g.Groups) * g.KernelHeight * g.KernelWidth;
}
