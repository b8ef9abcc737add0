using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>How the values of an operand reach a kernel.</summary>
internal enum OperandAccess : byte
{
    /// <summary>Its memory is a row of the compute type: kernels read or write it in place.</summary>
    Direct,

    /// <summary>One value for the whole row, or for all of the call.</summary>
    Uniform,

    /// <summary>By way of a tile buffer: another type, a stride, or an order that differs from the loops'.</summary>
    Buffered,
}

/// <summary>The memory of an operand.</summary>
internal unsafe struct OperandView(byte* memory, DType dtype)
{
    public byte* Base = memory;
    public DType DType = dtype;
    public int ElementBytes = dtype.SizeInBytes();
    public OperandAccess Access;

    public OperandView(in Operand operand) : this((byte*)operand.Address, operand.DType)
    {
    }
}

/// <summary>
/// The loops of one call, split into tiles. If rows are long, a tile is part of one row; if they are short, it runs on over several
/// rows, and operands that do not lie in the order of the loops are packed into buffers.
/// </summary>
/// <remarks>Operands are the inputs, then the outputs, then the element's number where the program asks for it.</remarks>
internal unsafe struct MapPlan
{
    /// <summary>Rows shorter than this share tiles. A tile costs about 20 ns per step, as much as 300 elements of an addition in the L1 cache.</summary>
    private const int ShortRow = 256;

    /// <summary>The bytes of the L1 cache that the buffers of one tile may take.</summary>
    private const int BufferBytes = 24 * 1024;

    private const int LargestBufferedTile = 2048, SmallestTile = 256;

    /// <summary>Elements of the largest tile that needs no buffers.</summary>
    public const int LargestTile = 16384;

    public IterationSpace Space;
    private OperandViews _views;

    public int Inputs;
    public int Outputs;

    /// <summary>Whether tiles run over several rows.</summary>
    public bool ShortRows;

    /// <summary>Whether the one step of the program writes past the caches.</summary>
    public bool Streams;

    /// <summary>Elements of a tile.</summary>
    public nint Tile;

    /// <summary>Tiles of one row, or of all if <see cref="ShortRows"/>.</summary>
    public long TilesPerRow;

    /// <summary>Number of tiles.</summary>
    public long Tiles;

    public readonly int IndexOperand => Inputs + Outputs;

    [InlineArray(IterationSpace.MaxOperands)]
    private struct OperandViews
    {
        private OperandView _first;
    }

    /// <summary>The memory of operand <paramref name="k"/>.</summary>
    [UnscopedRef]
    public ref OperandView View(int k) => ref _views[k];

    /// <summary>The loops of a pointwise call.</summary>
    public static void Create(in MapArgs args, TileProgram program, out MapPlan plan)
    {
        plan = default;
        AxisSet axes = AxisSet.All(args.Shape.Rank);
        plan.Space = IterationSpace.Over(args.Shape, axes);
        foreach (ref readonly Operand input in args.Inputs)
        {
            plan.AddInput(new OperandView(input));
            plan.Space.Add(args.Shape, axes, input.Layout.Strides);
        }

        foreach (ref readonly Operand output in args.Outputs)
        {
            plan.AddOutput(new OperandView(output));
            plan.Space.Add(args.Shape, axes, output.Layout.Strides);
        }

        if (program.UsesIndex)
        {
            plan.Space.Add(args.Shape, axes, Layout.Contiguous(args.Shape).Strides);
        }
        plan.Space.OrderBy(plan.Inputs);
        plan.Space.Coalesce();
        plan.Finish(program);
        plan.Streams = program.Steps.Length == 1 && program.Steps[0].Streamed != null && plan.CanStream(args);
    }

    /// <summary>Registers the memory of the next input; its strides are in <see cref="Space"/>.</summary>
    public void AddInput(in OperandView view) => _views[Inputs++] = view;

    /// <summary>Registers the memory of the next output, after all inputs.</summary>
    public void AddOutput(in OperandView view) => _views[Inputs + Outputs++] = view;

    /// <summary>Decides how operands are reached and cuts the loops into tiles, once all operands and loops are known.</summary>
    /// <param name="program">What runs over a tile.</param>
    /// <param name="largest">Elements of the largest tile that needs no buffers.</param>
    public void Finish(TileProgram program, int largest = LargestTile)
    {
        ShortRows = Space.Rank > 1 && Space.InnerSize < ShortRow;
        Classify(program);
        ChooseTile(program, largest);
    }

    private void Classify(TileProgram program)
    {
        for (int k = 0; k < Inputs + Outputs; k++)
        {
            ref OperandView view = ref _views[k];
            bool same = view.DType == program.ComputeType;
            bool isInput = k < Inputs;
            if (ShortRows)
            {
                view.Access = isInput && Space.IsUniform(k) ? OperandAccess.Uniform
                    : same && Space.IsContiguous(k) ? OperandAccess.Direct : OperandAccess.Buffered;
            }
            else
            {
                long stride = Space.InnerStride(k);
                view.Access = isInput && stride == 0 ? OperandAccess.Uniform
                    : same && (stride == 1 || Space.Rank == 0) ? OperandAccess.Direct : OperandAccess.Buffered;
            }
        }

        for (int o = 0; o < Outputs; o++)
        {
            if (_views[Inputs + o].Access == OperandAccess.Direct && IsReadLater(program, o))
            {
                _views[Inputs + o].Access = OperandAccess.Buffered;
            }
        }
    }

    // Written in place, a result lies in the cache already.
    private readonly bool CanStream(in MapArgs args)
    {
        ref readonly Operand output = ref args.Outputs[0];
        long whole = output.Shape.ElementCount * output.DType.SizeInBytes(), bytes = whole;
        foreach (ref readonly Operand input in args.Inputs)
        {
            if (input.Address == output.Address)
            {
                return false;
            }
            bytes += Math.Min(whole, input.Storage.Bytes);
        }

        return _views[Inputs].Access == OperandAccess.Direct && Streaming.Pays(bytes);
    }

    // An output that shares its memory with an input must not be written before the last step that reads the input.
    private readonly bool IsReadLater(TileProgram program, int output)
    {
        foreach (TileSource source in program.Sources)
        {
            if (source.Kind == ScalarOpcode.Input && source.LastUse > program.DefiningSteps[output]
                && _views[source.Number].Base == _views[Inputs + output].Base)
            {
                return true;
            }
        }

        return false;
    }

    private void ChooseTile(TileProgram program, int largest)
    {
        int buffers = program.Temporaries;
        foreach (TileSource source in program.Sources)
        {
            if (source.Kind != ScalarOpcode.Input || _views[source.Number].Access == OperandAccess.Buffered)
            {
                buffers++;
            }
        }

        for (int o = 0; o < Outputs; o++)
        {
            if (_views[Inputs + o].Access == OperandAccess.Buffered)
            {
                buffers++;
            }
        }

        nint tile = buffers == 0 ? largest
            : Math.Clamp(BufferBytes / (buffers * program.ComputeType.SizeInBytes()) & -SmallestTile, SmallestTile, LargestBufferedTile);
        long length = ShortRows ? Space.Count : Space.InnerSize;
        Tile = (nint)Math.Clamp(length, 1, tile);
        TilesPerRow = (length + Tile - 1) / Tile;
        Tiles = ShortRows || length == 0 ? TilesPerRow : Space.Count / length * TilesPerRow;
    }
}
