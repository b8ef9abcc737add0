namespace Engine.Cpu;

/// <summary>Translates a <see cref="MapProgram"/> into steps over slots: finds uniforms, contracts pairs of operations, allocates tile buffers.</summary>
internal sealed unsafe class TileCompiler
{
    private const int Unused = -1;

    private readonly MapProgram _program;
    private readonly DType _computeType;
    private readonly SimdLevel _level;
    private readonly bool _keepsTiles;
    private readonly bool[] _isUniform;
    private readonly bool[] _isAbsorbed;                // its only user has taken it in
    private readonly int[] _users;
    private readonly (TileOp Op, int[] Arguments)[] _operations;
    private readonly int[] _lastUse;                    // in steps

    private TileCompiler(MapProgram program, DType computeType, SimdLevel level, bool keepsTiles)
    {
        (_program, _computeType, _level, _keepsTiles) = (program, computeType, level, keepsTiles);
        int length = program.Code.Length;
        (_isUniform, _isAbsorbed, _users) = (new bool[length], new bool[length], CountUsers(program));
        (_operations, _lastUse) = (new (TileOp, int[])[length], new int[length]);
    }

    /// <param name="program">The program to compute.</param>
    /// <param name="computeType">The type of all steps.</param>
    /// <param name="level">The vectors to use.</param>
    /// <param name="keepsTiles">Whether results stay in tiles, for a reduction to combine, instead of going to memory.</param>
    /// <exception cref="OperationNotSupportedException">An operation is not defined in that type.</exception>
    public static TileProgram Compile(MapProgram program, DType computeType, SimdLevel level, bool keepsTiles)
    {
        var compiler = new TileCompiler(program, computeType, level, keepsTiles);
        delegate*<byte**, nint*, nint, void> whole = keepsTiles ? null : FusedPrograms.Find(program, computeType, level);
        if (whole != null)
        {
            return compiler.Wrap(whole);
        }
        compiler.FindUniforms();
        compiler.TakeFormulas();
        compiler.Contract();
        return compiler.Allocate();
    }

    // One step for the whole program: parameters and inputs by their numbers, then the outputs.
    private TileProgram Wrap(delegate*<byte**, nint*, nint, void> kernel)
    {
        int[] parameters = Numbered(ScalarOpcode.Parameter), inputs = Numbered(ScalarOpcode.Input);
        foreach (int node in parameters)
        {
            _isUniform[node] = true;
        }
        int firstOutput = parameters.Length + inputs.Length, count = firstOutput + _program.OutputCount;
        return new TileProgram
        {
            ComputeType = _computeType,
            Steps = [new TileStep(kernel, 0, count)],
            Slots = [.. Enumerable.Range(0, count)],
            Uniforms = new TileUniforms(_program, _computeType, _isUniform, parameters),
            Sources = [.. Enumerable.Range(0, inputs.Length).Select(i => new TileSource(ScalarOpcode.Input, i, 0))],
            Temporaries = 0,
            OutputSlots = [.. Enumerable.Range(firstOutput, _program.OutputCount)],
            DefiningSteps = new int[_program.OutputCount],
            Cost = _program.Code.Length,
            IsCopy = false,
        };
    }

    private int[] Numbered(ScalarOpcode leaf)
        => [.. Enumerable.Range(0, _program.Code.Length).Where(i => _program.Code[i].Op == leaf).OrderBy(i => _program.Code[i].A)];

    private void FindUniforms()
    {
        ReadOnlySpan<Instruction> code = _program.Code;
        for (int i = 0; i < code.Length; i++)
        {
            Instruction step = code[i];
            int[] arguments = Arguments(step);
            _operations[i] = ((TileOp)step.Op, arguments);
            _isUniform[i] = step.Op is ScalarOpcode.Constant or ScalarOpcode.Parameter
                || (arguments.Length > 0 && Array.TrueForAll(arguments, a => _isUniform[a]));
        }
    }

    /// <summary>How many steps and outputs use each node.</summary>
    public static int[] CountUsers(MapProgram program)
    {
        var users = new int[program.Code.Length];
        foreach (Instruction step in program.Code)
        {
            foreach (int argument in Arguments(step))
            {
                users[argument]++;
            }
        }

        foreach (int output in program.Outputs)
        {
            users[output]++;
        }

        return users;
    }

    private void TakeFormulas()
    {
        for (int i = _program.Code.Length - 1; i >= 0 && _computeType.IsFloatingPoint(); i--)
        {
            if (_isUniform[i] || _isAbsorbed[i] || KnownFormulas.Find(_program, i, _users) is not { } found || Array.TrueForAll(found.Arguments, argument => _isUniform[argument]))
            {
                continue;
            }

            Array.ForEach(found.Inner, node => _isAbsorbed[node] = true);
            _operations[i] = (found.Op, found.Arguments);
        }
    }

    // a·b ± c becomes one rounding, a comparison goes into the choice that it decides.
    private void Contract()
    {
        if (!_computeType.IsFloatingPoint())
        {
            return;
        }
        ReadOnlySpan<Instruction> code = _program.Code;
        for (int i = 0; i < code.Length; i++)
        {
            if (_isUniform[i] || _isAbsorbed[i] || IsFormula(i))
            {
                continue;
            }
            Instruction step = code[i];
            switch (step.Op)
            {
                case ScalarOpcode.Add when CanAbsorb(step.B, ScalarOpcode.Mul):
                    Absorb(i, step.B, (TileOp)ScalarOpcode.Fma, code[step.B].A, code[step.B].B, step.A);
                    break;
                case ScalarOpcode.Add when CanAbsorb(step.A, ScalarOpcode.Mul):
                    Absorb(i, step.A, (TileOp)ScalarOpcode.Fma, code[step.A].A, code[step.A].B, step.B);
                    break;
                case ScalarOpcode.Sub when CanAbsorb(step.A, ScalarOpcode.Mul):
                    Absorb(i, step.A, TileOp.MultiplySubtract, code[step.A].A, code[step.A].B, step.B);
                    break;
                case ScalarOpcode.Sub when CanAbsorb(step.B, ScalarOpcode.Mul):
                    Absorb(i, step.B, TileOp.NegateMultiplyAdd, code[step.B].A, code[step.B].B, step.A);
                    break;
                case ScalarOpcode.Where when CanAbsorb(step.A, ScalarOpcode.Less):
                    Absorb(i, step.A, TileOp.SelectLess, code[step.A].A, code[step.A].B, step.B, step.C);
                    break;
                case ScalarOpcode.Where when CanAbsorb(step.A, ScalarOpcode.LessEqual):
                    Absorb(i, step.A, TileOp.SelectLessEqual, code[step.A].A, code[step.A].B, step.B, step.C);
                    break;
                case ScalarOpcode.Where when CanAbsorb(step.A, ScalarOpcode.Equal):
                    Absorb(i, step.A, TileOp.SelectEqual, code[step.A].A, code[step.A].B, step.B, step.C);
                    break;
            }
        }
    }

    private bool CanAbsorb(int node, ScalarOpcode op) => _program.Code[node].Op == op && _users[node] == 1 && !_isUniform[node] && !IsFormula(node);

    private bool IsFormula(int node) => _operations[node].Op != (TileOp)_program.Code[node].Op;

    private void Absorb(int user, int node, TileOp op, params int[] arguments)
    {
        _isAbsorbed[node] = true;
        _operations[user] = (op, arguments);
    }

    private TileProgram Allocate()
    {
        int length = _program.Code.Length;
        int[] steps = [.. Enumerable.Range(0, length).Where(i => !_isUniform[i] && !_isAbsorbed[i] && !IsLeaf(i))];
        Array.Fill(_lastUse, Unused);
        for (int s = 0; s < steps.Length; s++)
        {
            foreach (int argument in _operations[steps[s]].Arguments)
            {
                _lastUse[argument] = s;
            }
        }

        // A step writes an output in memory directly. The other outputs (leaves, uniforms, a value for the second time) are moved at the end.
        var outputOf = new int[length];
        Array.Fill(outputOf, Unused);
        int[] definingSteps = _keepsTiles ? [] : new int[_program.OutputCount];
        var moves = new List<int>();
        for (int o = 0; o < _program.OutputCount; o++)
        {
            int node = _program.Outputs[o], step = Array.IndexOf(steps, node);
            if (_keepsTiles)
            {
                _lastUse[node] = steps.Length;
            }
            else if (step >= 0 && outputOf[node] == Unused)
            {
                (outputOf[node], definingSteps[o]) = (o, step);
            }
            else
            {
                definingSteps[o] = steps.Length + moves.Count;
                _lastUse[node] = definingSteps[o];
                moves.Add(o);
            }
        }

        int[] uniforms = [.. Enumerable.Range(0, length).Where(i => _isUniform[i] && _lastUse[i] != Unused)];
        int[] sources = [.. Leaves(ScalarOpcode.Input), .. Leaves(ScalarOpcode.Index), .. Leaves(ScalarOpcode.Random)];
        var slotOf = new int[length];
        for (int u = 0; u < uniforms.Length; u++)
        {
            slotOf[uniforms[u]] = u;
        }
        for (int s = 0; s < sources.Length; s++)
        {
            slotOf[sources[s]] = uniforms.Length + s;
        }
        int temporaries = AssignTemporaries(steps, outputOf, slotOf, uniforms.Length + sources.Length);
        int firstOutput = uniforms.Length + sources.Length + temporaries;
        foreach (int node in steps)
        {
            if (outputOf[node] != Unused)
            {
                slotOf[node] = firstOutput + outputOf[node];
            }
        }

        var calls = new List<TileStep>();
        var slots = new List<int>();
        int cost = 0;
        foreach (int node in steps)
        {
            Emit(_operations[node].Op, [.. _operations[node].Arguments.Select(a => slotOf[a]), slotOf[node]]);
        }
        foreach (int o in moves)
        {
            Emit(TileOp.Move, [slotOf[_program.Outputs[o]], firstOutput + o]);
        }
        int[] outputSlots = _keepsTiles ? Array.ConvertAll(_program.Outputs.ToArray(), node => slotOf[node])
            : [.. Enumerable.Range(firstOutput, definingSteps.Length)];
        return new TileProgram
        {
            ComputeType = _computeType,
            Steps = [.. calls],
            Slots = [.. slots],
            Uniforms = new TileUniforms(_program, _computeType, _isUniform, uniforms),
            Sources = [.. sources.Select(node => new TileSource(_program.Code[node].Op, _program.Code[node].A, _lastUse[node]))],
            Temporaries = temporaries,
            OutputSlots = outputSlots,
            DefiningSteps = definingSteps,
            Cost = Math.Max(1, cost),
            IsCopy = length == 1 && IsLeaf(0) && _program.Code[0].Op == ScalarOpcode.Input && _program.OutputCount == 1,
        };

        void Emit(TileOp op, int[] operands)
        {
            TileKernel kernel = TileKernels.Of(op, _computeType, _level);
            calls.Add(new TileStep(kernel.Run, slots.Count, operands.Length, kernel.Streamed));
            slots.AddRange(operands);
            cost += kernel.Cost;
        }
    }

    // A buffer is free again from the step on that reads it last: kernels may write over their arguments.
    private int AssignTemporaries(int[] steps, int[] outputOf, int[] slotOf, int firstTemporary)
    {
        int temporaries = 0;
        var free = new Stack<int>();
        for (int s = 0; s < steps.Length; s++)
        {
            foreach (int argument in _operations[steps[s]].Arguments.Distinct())
            {
                if (!_isUniform[argument] && !IsLeaf(argument) && outputOf[argument] == Unused && _lastUse[argument] == s)
                {
                    free.Push(slotOf[argument]);
                }
            }
            if (outputOf[steps[s]] != Unused)
            {
                continue;
            }

            slotOf[steps[s]] = free.Count > 0 ? free.Pop() : firstTemporary + temporaries++;
        }

        return temporaries;
    }

    private IEnumerable<int> Leaves(ScalarOpcode op)
        => Enumerable.Range(0, _program.Code.Length).Where(i => _program.Code[i].Op == op && _lastUse[i] != Unused);

    private bool IsLeaf(int node) => _program.Code[node].Op is ScalarOpcode.Input or ScalarOpcode.Index or ScalarOpcode.Random;

    private static int[] Arguments(Instruction step) => ScalarOp.Of(step.Op).Arity switch
    {
        0 => [],
        1 => [step.A],
        2 => [step.A, step.B],
        _ => [step.A, step.B, step.C],
    };
}
