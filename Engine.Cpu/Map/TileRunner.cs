namespace Engine.Cpu;

/// <summary>
/// Computes a tile program on one tile after another: points slots at memory, fills buffers, calls the kernels. One per thread; its
/// tables and buffers lie in a block of the caller.
/// </summary>
internal unsafe ref struct TileRunner
{
    /// <summary>More arguments and results than any kernel has.</summary>
    private const int MaxStepSlots = 32;

    private readonly TileProgram _program;
    private readonly MapPlan* _plan;
    private readonly byte* _uniforms;
    private readonly double* _parameters;
    private readonly int _elementBytes;
    private readonly nint _tileBytes;
    private byte** _pointers;                           // of each slot
    private byte** _buffers;                            // of each slot that has one
    private nint* _masks;                               // of each slot: 0 for a single vector, −1 for a tile
    private long* _offsets;                             // of each operand at the start of the row, in elements
    private long* _origin;                              // of each operand; null for none
    private long _row = -1;

    /// <summary>Prepares a runner; <see cref="Bind"/> has to follow.</summary>
    public TileRunner(TileProgram program, MapPlan* plan, byte* uniforms, double* parameters)
    {
        _program = program;
        _plan = plan;
        _uniforms = uniforms;
        _parameters = parameters;
        _elementBytes = program.ComputeType.SizeInBytes();
        _tileBytes = ((plan->Tile * _elementBytes) + TileUniforms.Bytes - 1) & -TileUniforms.Bytes;
        ScratchBytes = TableBytes + BindSlots(null);
    }

    /// <summary>Size of the block that <see cref="Bind"/> wants.</summary>
    public nint ScratchBytes { get; }

    /// <summary>Elements of the tile that was run last.</summary>
    public nint Count { get; private set; }

    /// <summary>Where that tile starts, in its row, or among all elements if rows are short.</summary>
    public long Start { get; private set; }

    private readonly nint TableBytes
        => ((_program.SlotCount * 3 * sizeof(nint)) + (IterationSpace.MaxOperands * sizeof(long)) + TileUniforms.Bytes - 1) & -TileUniforms.Bytes;

    /// <summary>Takes possession of a block of <see cref="ScratchBytes"/>.</summary>
    public void Bind(byte* block)
    {
        _pointers = (byte**)block;
        _buffers = _pointers + _program.SlotCount;
        _masks = (nint*)(_buffers + _program.SlotCount);
        _offsets = (long*)(_masks + _program.SlotCount);
        BindSlots(block + TableBytes);
    }

    /// <summary>Number of that tile's first element in the order of the loops.</summary>
    public readonly long First => _plan->ShortRows ? Start : (_row * _plan->Space.InnerSize) + Start;

    /// <summary>Shifts every operand by so many elements from now on; the array is read until the next call.</summary>
    public void MoveTo(long* origin)
    {
        _origin = origin;
        _row = -1;
    }

    /// <summary>Computes one tile.</summary>
    public void Run(long tile)
    {
        long row = _plan->ShortRows ? 0 : tile / _plan->TilesPerRow;
        Start = (tile - (row * _plan->TilesPerRow)) * _plan->Tile;
        Count = (nint)Math.Min(_plan->Tile, (_plan->ShortRows ? _plan->Space.Count : _plan->Space.InnerSize) - Start);
        if (row != _row)
        {
            StartRow(row);
        }
        _row = row;
        Fill();
        Execute(Count * _elementBytes);
    }

    /// <summary>Where the values of a slot are.</summary>
    public readonly byte* Pointer(int slot) => _pointers[slot];

    /// <summary>0 if a slot holds one value for the whole tile, −1 if it holds one for each element.</summary>
    public readonly nint Mask(int slot) => _masks[slot];

    /// <summary>The pieces of rows that the last tile covers, for one operand.</summary>
    public readonly TileRows Rows(int operand) => new(_plan, operand, _offsets[operand], Start, Count);

    // Gives every slot that needs one a buffer, and returns the bytes of all; without tables it only counts.
    private readonly nint BindSlots(byte* block)
    {
        for (int u = 0; u < _program.Uniforms.Count; u++)
        {
            BindSlot(u, _uniforms + (u * TileUniforms.Bytes), 0);
        }
        byte* next = block;
        for (int s = 0; s < _program.Sources.Length; s++)
        {
            TileSource source = _program.Sources[s];
            OperandAccess access = source.Kind == ScalarOpcode.Input ? _plan->View(source.Number).Access : OperandAccess.Buffered;
            BindSlot(_program.FirstSource + s, next, access == OperandAccess.Uniform ? 0 : -1);
            if (access != OperandAccess.Direct)
            {
                next += access == OperandAccess.Uniform ? TileUniforms.Bytes : _tileBytes;
            }
        }
        for (int t = 0; t < _program.Temporaries; t++, next += _tileBytes)
        {
            BindSlot(_program.FirstTemporary + t, next, -1);
        }

        for (int o = 0; o < _program.Outputs; o++)
        {
            BindSlot(_program.FirstOutput + o, next, -1);
            if (_plan->View(_plan->Inputs + o).Access != OperandAccess.Direct)
            {
                next += _tileBytes;
            }
        }

        return (nint)(next - block);
    }

    private readonly void BindSlot(int slot, byte* memory, nint mask)
    {
        if (_pointers == null)
        {
            return;
        }
        _pointers[slot] = _buffers[slot] = memory;
        _masks[slot] = mask;
    }

    private readonly void StartRow(long row)
    {
        int outer = _plan->ShortRows ? 0 : Math.Max(0, _plan->Space.Rank - 1);
        for (int k = 0; k < _plan->Space.Operands; k++)
        {
            _offsets[k] = _plan->Space.Distance(k, row, outer) + (_origin == null ? 0 : _origin[k]);
        }
        for (int s = 0; s < _program.Sources.Length; s++)
        {
            TileSource source = _program.Sources[s];
            if (source.Kind != ScalarOpcode.Input)
            {
                continue;
            }
            ref OperandView view = ref _plan->View(source.Number);
            if (view.Access != OperandAccess.Uniform)
            {
                continue;
            }
            byte* vector = _buffers[_program.FirstSource + s];
            TileTransfer.Load(view.DType, _program.ComputeType, view.Base + (_offsets[source.Number] * view.ElementBytes), 1, vector, 1);
            TileUniforms.Splat(_elementBytes, vector, vector);
        }
    }

    private readonly void Fill()
    {
        for (int s = 0; s < _program.Sources.Length; s++)
        {
            TileSource source = _program.Sources[s];
            int slot = _program.FirstSource + s;
            if (source.Kind != ScalarOpcode.Input)
            {
                FillCounted(source, _buffers[slot]);
                continue;
            }

            ref OperandView view = ref _plan->View(source.Number);
            if (view.Access == OperandAccess.Direct)
            {
                _pointers[slot] = view.Base + ((_offsets[source.Number] + Start) * view.ElementBytes);
            }
            else if (view.Access == OperandAccess.Buffered)
            {
                Gather(source.Number, _buffers[slot]);
            }
        }

        for (int o = 0; o < _program.Outputs; o++)
        {
            int k = _plan->Inputs + o;
            ref OperandView view = ref _plan->View(k);
            if (view.Access == OperandAccess.Direct)
            {
                _pointers[_program.FirstOutput + o] = view.Base + ((_offsets[k] + Start) * view.ElementBytes);
            }
        }
    }

    private readonly void Execute(nint bytes)
    {
        byte** p = stackalloc byte*[MaxStepSlots];
        nint* m = stackalloc nint[MaxStepSlots];
        ReadOnlySpan<int> slots = _program.Slots;
        foreach (ref readonly TileStep step in _program.Steps.AsSpan())
        {
            for (int j = 0; j < step.Count; j++)
            {
                int slot = slots[step.First + j];
                p[j] = _pointers[slot];
                m[j] = _masks[slot];
            }

            if (_plan->Streams)
            {
                step.Streamed(p, m, bytes);
            }
            else
            {
                step.Kernel(p, m, bytes);
            }
        }
    }

    private readonly void Gather(int k, byte* tile)
    {
        ref OperandView view = ref _plan->View(k);
        for (TileRows rows = Rows(k); rows.Next(); tile += rows.Length * _elementBytes)
        {
            TileTransfer.Load(view.DType, _program.ComputeType, view.Base + (rows.Offset * view.ElementBytes), rows.Stride, tile, rows.Length);
        }
    }

    private readonly void FillCounted(TileSource source, byte* tile)
    {
        RandomKey key = source.Kind == ScalarOpcode.Random ? RandomKey.From(_parameters + source.Number) : default;
        for (TileRows rows = Rows(_plan->IndexOperand); rows.Next(); tile += rows.Length * _elementBytes)
        {
            if (source.Kind == ScalarOpcode.Index)
            {
                TileCounters.FillIndex(_program.ComputeType, rows.Offset, rows.Stride, tile, rows.Length);
            }
            else
            {
                TileCounters.FillUniform(_program.ComputeType, key, rows.Offset, rows.Stride, tile, rows.Length);
            }
        }
    }
}
