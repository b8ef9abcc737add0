using System.Globalization;

namespace Engine.PtxInterpreter;

/// <summary>
/// Makes a kernel of an entry and all that it calls: the body of a function takes the place of each call, with registers, labels and
/// variables of its own. Parameters are the variables that the caller filled. A recursion is refused, as it has no such form.
/// </summary>
internal sealed class PtxInliner
{
    private const int MaxInstructions = 1_000_000;

    private readonly IReadOnlyDictionary<string, PtxFunction> _functions;
    private readonly PtxFunction _entry;
    private readonly List<PtxRegister> _registers = [];
    private readonly Dictionary<string, PtxShared> _shared;
    private readonly Dictionary<string, PtxLocal> _locals = [];
    private readonly List<PtxInstruction> _body = [];
    private readonly Dictionary<string, int> _labels = [];
    private readonly Dictionary<string, IReadOnlyList<string>> _branchTargets = [];
    private readonly Stack<string> _open = [];
    private int _sharedBytes;
    private int _localBytes;
    private int _copies;

    private PtxInliner(PtxFunction entry, IReadOnlyDictionary<string, PtxFunction> functions, IReadOnlyDictionary<string, PtxShared> moduleShared, int moduleSharedBytes)
    {
        _entry = entry;
        _functions = functions;
        _shared = new Dictionary<string, PtxShared>(moduleShared);
        _sharedBytes = moduleSharedBytes;
    }

    /// <summary>The kernel of an entry.</summary>
    /// <exception cref="PtxException">With the line of a call that cannot be resolved.</exception>
    public static PtxKernel Inline(
        PtxFunction entry, IReadOnlyDictionary<string, PtxFunction> functions, IReadOnlyDictionary<string, PtxShared> moduleShared, int moduleSharedBytes) =>
        new PtxInliner(entry, functions, moduleShared, moduleSharedBytes).Kernel();

    private PtxKernel Kernel()
    {
        Copy(_entry, string.Empty, new Dictionary<string, string>(), null);
        return new PtxKernel
        {
            Name = _entry.Name,
            Line = _entry.Line,
            RequiredGroup = _entry.RequiredGroup,
            MaxThreads = _entry.MaxThreads,
            Parameters = _entry.Parameters,
            ParameterBytes = _entry.ParameterBytes,
            Registers = [.. _registers],
            Shared = _shared.ToDictionary(
                pair => pair.Key,
                pair => pair.Value.IsExtern ? pair.Value with { Offset = PtxParser.Align(_sharedBytes, pair.Value.Alignment) } : pair.Value),
            SharedBytes = _sharedBytes,
            Locals = _locals,
            Body = [.. _body],
            Labels = _labels,
            BranchTargets = _branchTargets,
        };
    }

    /// <summary>Appends a body.</summary>
    /// <param name="function">Whose.</param>
    /// <param name="prefix">What its names begin with in the kernel.</param>
    /// <param name="parameters">Of a function: the variables that stand for its parameters.</param>
    /// <param name="end">Of a function: the label behind the call.</param>
    private void Copy(PtxFunction function, string prefix, IReadOnlyDictionary<string, string> parameters, string? end)
    {
        PtxRegister[] registers = [.. function.Registers.Select(register => register with { Name = prefix + register.Name, Index = _registers.Count + register.Index })];
        _registers.AddRange(registers);
        Dictionary<string, string> names = new(parameters);
        foreach (PtxShared variable in function.Shared.Values)
        {
            names.Add(variable.Name, AddShared(function, variable));
        }

        foreach (PtxLocal local in function.Locals.Values)
        {
            names.Add(local.Name, AddLocal(prefix, local));
        }

        foreach (string label in function.Labels.Keys.Concat(function.BranchTargets.Keys))
        {
            names.Add(label, prefix + label);
        }

        foreach ((string list, IReadOnlyList<string> labels) in function.BranchTargets)
        {
            _branchTargets.Add(prefix + list, [.. labels.Select(label => prefix + label)]);
        }

        ILookup<int, string> labelsAt = function.Labels.ToLookup(pair => pair.Value, pair => pair.Key);
        IReadOnlyList<PtxInstruction> body = function.Body!;
        for (int i = 0; i <= body.Count; i++)
        {
            foreach (string label in labelsAt[i])
            {
                _labels.Add(prefix + label, _body.Count);
            }

            if (i == body.Count)
            {
                break;
            }

            PtxInstruction instruction = Rename(body[i], registers, names);
            if (instruction.Opcode == "call")
            {
                Call(instruction);
            }
            else if (end == null || instruction.Opcode != "ret")
            {
                _body.Add(instruction);
            }
            else
            {
                _body.Add(instruction with { Opcode = "bra", Modifiers = [], Operands = [new PtxNameOperand(end)] });
            }

            if (_body.Count > MaxInstructions)
            {
                throw new PtxException(body[i].Line, $"entry {_entry.Name} has more than {MaxInstructions} instructions with its calls in place");
            }
        }
    }

    private void Call(PtxInstruction call)
    {
        if (call.Guard != null || call.Modifiers is not ([] or ["uni"]) || call.Operands is not [PtxVectorOperand results, PtxNameOperand(string name), PtxVectorOperand arguments])
        {
            throw new PtxException(call.Line, $"{call.Name}: only calls of a named function without a guard are supported");
        }

        if (!_functions.TryGetValue(name, out PtxFunction? function))
        {
            throw new PtxException(call.Line, $"call: {name} is no function of this module");
        }

        if (function.Body is not { Count: > 0 } body)
        {
            throw new PtxException(call.Line, $"call: function {name} is declared and nowhere defined; a card's linker would not find it either");
        }

        if (_open.Contains(name))
        {
            throw new PtxException(call.Line, $"call: function {name} calls itself, which is not supported");
        }

        Dictionary<string, string> parameters = [];
        Bind(call, name, function.Parameters, arguments.Elements, parameters);
        Bind(call, name, function.Result is { } result ? [result] : [], results.Elements, parameters);
        PtxInstruction last = body[^1];
        if (last.Guard != null || last.Opcode is not ("ret" or "exit" or "bra"))
        {
            throw new PtxException(last.Line, $"function {name} does not end with ret");
        }

        string prefix = string.Create(CultureInfo.InvariantCulture, $"{name}#{++_copies}:");
        string end = prefix + "end";
        _open.Push(name);
        Copy(function, prefix, parameters, end);
        _open.Pop();
        _labels.Add(end, _body.Count);
    }

    private void Bind(PtxInstruction call, string name, IReadOnlyList<PtxParameter> formal, IReadOnlyList<PtxOperand> actual, Dictionary<string, string> parameters)
    {
        if (formal.Count != actual.Count)
        {
            throw new PtxException(call.Line, $"call: {name} takes or returns {formal.Count} values, not {actual.Count}");
        }

        for (int i = 0; i < formal.Count; i++)
        {
            if (actual[i] is not PtxNameOperand(string variable) || !_locals.TryGetValue(variable, out PtxLocal? local) || !local.IsParameter || local.Bytes != formal[i].Bytes)
            {
                throw new PtxException(call.Line, $"call: {name} needs a variable of .param with {formal[i].Bytes} bytes for {formal[i].Name}");
            }

            parameters.Add(formal[i].Name, variable);
        }
    }

    // One for all calls: shared variables are static.
    private string AddShared(PtxFunction function, PtxShared variable)
    {
        string name = function == _entry ? variable.Name : $"{function.Name}:{variable.Name}";
        if (!_shared.ContainsKey(name))
        {
            int offset = PtxParser.Align(_sharedBytes, variable.Alignment);
            _shared.Add(name, variable with { Name = name, Offset = offset });
            _sharedBytes = offset + variable.Bytes;
            if (_sharedBytes > PtxParser.MaxStaticSharedBytes)
            {
                throw new PtxException(function.Line, $"shared variables take {_sharedBytes} bytes, more than {PtxParser.MaxStaticSharedBytes}; more has to be asked for at the launch");
            }
        }

        return name;
    }

    private string AddLocal(string prefix, PtxLocal local)
    {
        string name = prefix + local.Name;
        int offset = PtxParser.Align(_localBytes, Math.Max(local.Alignment, LocalMemory.Gap));
        _locals.Add(name, local with { Name = name, Offset = offset });
        _localBytes = offset + local.Bytes + LocalMemory.Gap;
        return name;
    }

    private static PtxInstruction Rename(PtxInstruction instruction, PtxRegister[] registers, IReadOnlyDictionary<string, string> names) => instruction with
    {
        Guard = instruction.Guard is { } guard ? registers[guard.Index] : null,
        Operands = [.. instruction.Operands.Select(operand => Rename(operand, registers, names))],
    };

    private static PtxOperand Rename(PtxOperand operand, PtxRegister[] registers, IReadOnlyDictionary<string, string> names) => operand switch
    {
        PtxRegisterOperand(PtxRegister register) => new PtxRegisterOperand(registers[register.Index]),
        PtxNotOperand(PtxRegister register) => new PtxNotOperand(registers[register.Index]),
        PtxPairOperand(PtxOperand first, PtxOperand second) => new PtxPairOperand(Rename(first, registers, names), Rename(second, registers, names)),
        PtxVectorOperand(IReadOnlyList<PtxOperand> elements) => new PtxVectorOperand([.. elements.Select(element => Rename(element, registers, names))]),
        PtxAddressOperand(PtxOperand start, long offset) => new PtxAddressOperand(Rename(start, registers, names), offset),
        PtxNameOperand(string name) when names.TryGetValue(name, out string? renamed) => new PtxNameOperand(renamed),
        _ => operand,
    };
}
