namespace Engine.PtxInterpreter;

/// <summary>
/// Turns the instructions of a kernel into operations over columns, and refuses what an assembler would refuse: this stands in for the
/// one of the driver, so it is stricter rather than laxer than the language.
/// </summary>
internal sealed partial class KernelCompiler
{
    private readonly PtxModule _module;
    private readonly PtxKernel _kernel;
    private readonly BlockShape _group;
    private readonly Columns _columns;
    private readonly RegisterUse[] _uses;
    private int _memoryOperations;
    private int _sharedGranule = 16;
    private bool _hasWarpBarriers;
    private bool _hasWarpgroups;

    // Of the instruction at hand.
    private PtxInstruction _instruction;
    private Modifiers _modifiers;
    private RegisterUse _use;

    private KernelCompiler(PtxModule module, PtxKernel kernel, BlockShape group)
    {
        _module = module;
        _kernel = kernel;
        _group = group;
        _columns = new Columns(kernel, group);
        _uses = new RegisterUse[kernel.Body.Count];
        if (kernel.Body.Count == 0)
        {
            throw new PtxException(kernel.Line, $"entry {kernel.Name} has no instructions");
        }

        _instruction = kernel.Body[0];
        _modifiers = new Modifiers(_instruction);
        _use = new RegisterUse();
    }

    /// <summary>Compiles an entry of a module, for the shape of its blocks that the text fixes, else for one warp.</summary>
    /// <exception cref="PtxException">With the line.</exception>
    public static KernelProgram Compile(PtxModule module, PtxKernel kernel) =>
        Compile(module, kernel, kernel.RequiredGroup ?? new BlockShape(Math.Min(kernel.MaxThreads, WarpOperation.Size)));

    /// <summary>Compiles an entry of a module for blocks of one shape.</summary>
    /// <exception cref="PtxException">With the line.</exception>
    public static KernelProgram Compile(PtxModule module, PtxKernel kernel, BlockShape group) => new KernelCompiler(module, kernel, group).Program();

    private KernelProgram Program()
    {
        IReadOnlyList<PtxInstruction> body = _kernel.Body;
        Operation[] operations = new Operation[body.Count];
        int[][] targets = new int[body.Count][];
        for (int i = 0; i < body.Count; i++)
        {
            _instruction = body[i];
            _modifiers = new Modifiers(_instruction);
            _use = _uses[i] = new RegisterUse();
            if (_instruction.Guard != null)
            {
                _use.Reads.Add(_instruction.Guard);
            }

            targets[i] = [];
            if (_instruction.Opcode == "bra")
            {
                targets[i] = [BranchTarget()];
                operations[i] = new Branch(targets[i][0], _instruction.Modifiers.Contains("uni"));
            }
            else if (_instruction.Opcode == "brx")
            {
                targets[i] = BranchTargets();
                operations[i] = new IndexedBranch(targets[i], Read(0, PtxType.U32), _instruction.Modifiers.Contains("uni"));
            }
            else
            {
                operations[i] = Operation();
            }
        }

        PtxInstruction last = body[^1];
        if (last.Guard != null || last.Opcode is not ("ret" or "exit" or "bra" or "brx" or "trap"))
        {
            throw new PtxException(last.Line, $"entry {_kernel.Name} does not end with ret");
        }

        foreach ((string label, int at) in _kernel.Labels)
        {
            if (at == body.Count)
            {
                throw new PtxException(last.Line, $"nothing follows label {label}");
            }
        }

        bool[] tracked = DefiniteAssignment.Uncertain(_kernel, _uses, targets);
        int[] marks = [.. tracked.Select(uncertain => uncertain ? _columns.Allocate(1) : -1)];
        for (int i = 0; i < body.Count; i++)
        {
            operations[i] = Track(operations[i], _uses[i], marks);
            operations[i].Line = body[i].Line;
            if (body[i].Guard is { } guard)
            {
                operations[i].Guard = _columns.Of(guard);
                operations[i].GuardNegated = body[i].GuardNegated;
            }
        }

        return new KernelProgram
        {
            Name = _kernel.Name,
            Group = _group,
            Operations = operations,
            FrameBytes = _columns.Bytes,
            SharedBytes = _kernel.Shared.Values.Select(variable => variable.IsExtern ? variable.Offset : 0).Append(_kernel.SharedBytes).Max(),
            SharedGranule = _sharedGranule,
            Locals = [.. _kernel.Locals.Values],
            HasWarpBarriers = _hasWarpBarriers,
            HasWarpgroups = _hasWarpgroups,
            MemoryOperations = _memoryOperations,
            TrackedSlots = [.. marks.Where(slot => slot >= 0)],
            Constants = _columns.Constants,
            SpecialSlots = _columns.Special,
            Parameters = _kernel.Parameters,
            ParameterBytes = _kernel.ParameterBytes,
            Registers = Math.Min(255, _kernel.Registers.Sum(register => register.Type == PtxType.Pred ? 0 : Math.Max(1, register.Type.Bytes() / 4))),
        };
    }

    private static Operation Track(Operation operation, RegisterUse use, int[] marks)
    {
        (int, string)[] reads = [.. use.Reads.Where(register => marks[register.Index] >= 0).Select(register => (marks[register.Index], register.Name)).Distinct()];
        int[] writes = [.. use.Writes.Where(register => marks[register.Index] >= 0).Select(register => marks[register.Index])];
        return reads.Length + writes.Length == 0 ? operation
            : operation.IsControl ? throw new InvalidOperationException("Control instructions write no registers and read only their guard.")
            : new Tracked(operation, reads, writes);
    }

    private int BranchTarget()
    {
        _modifiers.Take("uni");
        _modifiers.End(1);
        return _instruction.Operands[0] is PtxNameOperand name && _kernel.Labels.TryGetValue(name.Name, out int target)
            ? target
            : throw Error("the target is not a label of this entry");
    }

    private int[] BranchTargets()
    {
        _modifiers.Expect("idx");
        _modifiers.Take("uni");
        _modifiers.End(2);
        Require(60, 30);
        if (_instruction.Guard != null)
        {
            throw Error("a branch by number under a guard is not supported");
        }

        return _instruction.Operands[1] is PtxNameOperand name && _kernel.BranchTargets.TryGetValue(name.Name, out IReadOnlyList<string>? labels)
            ? [.. labels.Select(label => _kernel.Labels.TryGetValue(label, out int target) ? target : throw Error($"{label} is not a label of this entry"))]
            : throw Error("the targets are not a list of this entry");
    }

    private Operation Operation() => _instruction.Opcode switch
    {
        "mov" => Move(),
        "ld" => Load(),
        "st" => Store(),
        "cvta" => ConvertAddress(),
        "add" or "sub" => AddOrSubtract(),
        "mul" => Multiply(),
        "mad" => MultiplyAdd(),
        "fma" => FusedMultiplyAdd(),
        "div" => Divide(),
        "rem" => Remainder(),
        "neg" => Negate(),
        "abs" => Absolute(),
        "min" or "max" => Extreme(),
        "sqrt" => SquareRoot(),
        "rcp" => Reciprocal(),
        "rsqrt" => ReciprocalSquareRoot(),
        "ex2" or "lg2" or "sin" or "cos" => ApproximateFunction(),
        "tanh" => Tanh(),
        "copysign" => CopySign(),
        "testp" => TestProperty(),
        "and" or "or" or "xor" => Bitwise(),
        "not" => Not(),
        "shl" or "shr" => Shift(),
        "shf" => FunnelShift(),
        "clz" or "popc" => CountBits(),
        "brev" => ReverseBits(),
        "bfe" => ExtractBits(),
        "prmt" => Permute(),
        "setp" => Compare(),
        "selp" => Select(),
        "cvt" => Convert(),
        "bar" or "barrier" => Barrier(),
        "ret" or "exit" => Exit(),
        "trap" => GiveUp(),
        "membar" or "fence" => Fence(),
        "shfl" => Shuffle(),
        "vote" => Vote(),
        "activemask" => ActiveMask(),
        "atom" or "red" => Atomic(),
        "cp" => AsyncCopy(),
        "ldmatrix" => LoadMatrix(),
        "mma" => MatrixMultiply(),
        "wgmma" => Warpgroup(),
        _ => throw Error("unknown instruction"),
    };

    private PtxException Error(string message) => new(_instruction.Line, $"{_instruction.Name}: {message}");

    /// <summary>The instruction needs a version of the language and a card.</summary>
    private void Require(int version, int target, string what = "it")
    {
        if (_module.Version < version)
        {
            throw Error($"{what} needs .version {version / 10}.{version % 10}, the module has {_module.Version / 10}.{_module.Version % 10}");
        }

        if (_module.Target < target)
        {
            throw Error($"{what} needs sm_{target}, the module is for sm_{_module.Target}");
        }
    }
}
