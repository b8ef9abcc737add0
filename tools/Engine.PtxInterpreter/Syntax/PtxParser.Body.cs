using System.Globalization;

namespace Engine.PtxInterpreter;

/// <summary>Bodies of entry points: registers, labels, instructions and their operands.</summary>
internal sealed partial class PtxParser
{
    private readonly Dictionary<string, PtxRegister> _registers = [];
    private readonly Dictionary<string, int> _labels = [];
    private readonly List<PtxRegister> _registerList = [];
    private readonly Dictionary<string, PtxLocal> _locals = [];

    /// <summary>Variables of the blocks that are open, by the name that is written: the name that no other has.</summary>
    private readonly Stack<Dictionary<string, string>> _scopes = [];

    private PtxFunction Body(PtxToken name, List<PtxParameter> parameters, int parameterBytes, PtxParameter? result, BlockShape? required, int maxThreads)
    {
        _registers.Clear();
        _labels.Clear();
        _registerList.Clear();
        _locals.Clear();
        _scopes.Clear();
        Dictionary<string, PtxShared> shared = [];
        Dictionary<string, IReadOnlyList<string>> branchTargets = [];
        int sharedBytes = 0;
        List<PtxInstruction> body = [];
        ExpectPunctuation("{");
        _scopes.Push([]);
        while (_scopes.Count > 0)
        {
            PtxToken token = Current;
            if (Take("{"))
            {
                _scopes.Push([]);
            }
            else if (Take("}"))
            {
                _scopes.Pop();
            }
            else if (token.Kind == PtxTokenKind.Dotted)
            {
                Next();
                switch (token.Text)
                {
                    case "reg" or "shared" when _scopes.Count > 1:
                        throw new PtxException(token.Line, $".{token.Text} within an inner block is not supported");
                    case "reg":
                        Registers();
                        break;
                    case "shared":
                        Shared(shared, ref sharedBytes, isExtern: false);
                        break;
                    case "local":
                        Local("a local variable", isParameter: false);
                        break;
                    case "param":
                        Local("a parameter", isParameter: true);
                        break;
                    case "pragma":
                        Expect(PtxTokenKind.Text, "the words of the pragma");
                        ExpectPunctuation(";");
                        break;
                    default:
                        throw new PtxException(token.Line, $"directive .{token.Text} is not known here");
                }
            }
            else if (token.Kind == PtxTokenKind.Name && _tokens[_at + 1] is { Kind: PtxTokenKind.Punctuation, Text: ":" })
            {
                _at += 2;
                bool isNew = Current is { Kind: PtxTokenKind.Dotted, Text: "branchtargets" }
                    ? !_labels.ContainsKey(token.Text) && branchTargets.TryAdd(token.Text, LabelList())
                    : !branchTargets.ContainsKey(token.Text) && _labels.TryAdd(token.Text, body.Count);
                if (!isNew)
                {
                    throw new PtxException(token.Line, $"label {token.Text} is defined twice");
                }
            }
            else
            {
                body.Add(Instruction());
            }
        }

        return new PtxFunction
        {
            Name = name.Text,
            Line = name.Line,
            RequiredGroup = required,
            MaxThreads = maxThreads,
            Parameters = [.. parameters],
            ParameterBytes = parameterBytes,
            Result = result,
            Registers = [.. _registerList],
            Shared = shared,
            Locals = new Dictionary<string, PtxLocal>(_locals),
            Body = [.. body],
            Labels = new Dictionary<string, int>(_labels),
            BranchTargets = branchTargets,
        };
    }

    /// <summary>A variable of each thread, known to the end of the block that it stands in; the same name may stand in another one.</summary>
    private void Local(string what, bool isParameter)
    {
        (PtxToken name, _, int bytes, int alignment) = Variable(what);
        ExpectPunctuation(";");
        string unique = _locals.ContainsKey(name.Text) ? string.Create(CultureInfo.InvariantCulture, $"{name.Text}.{_locals.Count}") : name.Text;
        if (!_scopes.Peek().TryAdd(name.Text, unique))
        {
            throw new PtxException(name.Line, $"variable {name.Text} is declared twice");
        }

        _locals.Add(unique, new PtxLocal(unique, 0, bytes, alignment, isParameter));
    }

    private List<string> LabelList()
    {
        ExpectDirective("branchtargets");
        List<string> labels = [];
        do
        {
            labels.Add(Expect(PtxTokenKind.Name, "a label").Text);
        }
        while (Take(","));
        ExpectPunctuation(";");
        return labels;
    }

    private void Registers()
    {
        (PtxType type, int line) = Type();
        if (type.Bytes() == 1 && type != PtxType.Pred)
        {
            throw new PtxException(line, "registers of eight bits are not supported: bytes live in wider registers");
        }

        if (type is PtxType.BF16 or PtxType.BF16x2 or PtxType.TF32)
        {
            throw new PtxException(line, $"{type.Name()} is not the type of a register; use .b{type.Bytes() * 8}");
        }

        do
        {
            PtxToken name = Expect(PtxTokenKind.Name, "the name of a register");
            if (Take("<"))
            {
                int count = PositiveNumber();
                ExpectPunctuation(">");
                for (int i = 0; i < count; i++)
                {
                    Register(name.Text + i.ToString(CultureInfo.InvariantCulture), type, name.Line);
                }
            }
            else
            {
                Register(name.Text, type, name.Line);
            }
        }
        while (Take(","));
        ExpectPunctuation(";");
    }

    private void Register(string name, PtxType type, int line)
    {
        PtxRegister register = new(name, type, _registerList.Count);
        if (!_registers.TryAdd(name, register))
        {
            throw new PtxException(line, $"register {name} is declared twice");
        }

        _registerList.Add(register);
    }

    private PtxInstruction Instruction()
    {
        int line = Current.Line;
        PtxRegister? guard = null;
        bool negated = false;
        if (Take("@"))
        {
            negated = Take("!");
            guard = Find(Expect(PtxTokenKind.Name, "a predicate"));
            if (guard.Type != PtxType.Pred)
            {
                throw new PtxException(line, $"guard {guard.Name} is {guard.Type.Name()}, not .pred");
            }
        }

        PtxToken opcode = Expect(PtxTokenKind.Name, "an instruction");
        List<string> modifiers = [];
        while (Current.Kind == PtxTokenKind.Dotted)
        {
            modifiers.Add(Next().Text);
        }

        List<PtxOperand> operands = opcode.Text == "call" ? CallOperands() : [];
        if (opcode.Text == "call")
        {
            ExpectPunctuation(";");
            return new PtxInstruction(line, guard, negated, opcode.Text, modifiers, operands);
        }

        while (!Take(";"))
        {
            if (operands.Count > 0)
            {
                ExpectPunctuation(",");
            }

            operands.Add(Operand());
        }

        return new PtxInstruction(line, guard, negated, opcode.Text, modifiers, operands);
    }

    /// <summary>Results, function and arguments of a call; results and arguments may be missing.</summary>
    private List<PtxOperand> CallOperands()
    {
        PtxVectorOperand results = new([]);
        if (Current is { Kind: PtxTokenKind.Punctuation, Text: "(" })
        {
            results = CallValues();
            ExpectPunctuation(",");
        }

        PtxOperand function = NamedOperand();
        return [results, function, Take(",") ? CallValues() : new PtxVectorOperand([])];
    }

    private PtxVectorOperand CallValues()
    {
        List<PtxOperand> values = [];
        ExpectPunctuation("(");
        while (!Take(")"))
        {
            if (values.Count > 0)
            {
                ExpectPunctuation(",");
            }

            values.Add(Operand());
        }

        return new PtxVectorOperand(values);
    }

    private PtxOperand Operand()
    {
        if (Take("["))
        {
            return Address();
        }

        if (Take("{"))
        {
            List<PtxOperand> elements = [Operand()];
            while (Take(","))
            {
                elements.Add(Operand());
            }

            ExpectPunctuation("}");
            return new PtxVectorOperand(elements);
        }

        if (Take("!"))
        {
            return new PtxNotOperand(Find(Expect(PtxTokenKind.Name, "a predicate")));
        }

        if (Current.Kind == PtxTokenKind.Number || Current is { Kind: PtxTokenKind.Punctuation, Text: "-" })
        {
            return Number();
        }

        PtxOperand first = NamedOperand();
        return Take("|") ? new PtxPairOperand(first, NamedOperand()) : first;
    }

    private PtxOperand NamedOperand()
    {
        PtxToken token = Expect(PtxTokenKind.Name, "an operand");
        if (token.Text == "_")
        {
            return new PtxSinkOperand();
        }

        if (_registers.TryGetValue(token.Text, out PtxRegister? register))
        {
            return new PtxRegisterOperand(register);
        }

        if (token.Text[0] != '%')
        {
            string? local = _scopes.Select(scope => scope.GetValueOrDefault(token.Text)).FirstOrDefault(name => name != null);
            return new PtxNameOperand(local ?? token.Text);
        }

        string special = token.Text;
        if (Current is { Kind: PtxTokenKind.Dotted, Text: "x" or "y" or "z" })
        {
            special += "." + Next().Text;
        }

        return SpecialRegisters.IsKnown(special) ? new PtxSpecialOperand(special) : throw new PtxException(token.Line, $"register {special} is not declared");
    }

    private PtxAddressOperand Address()
    {
        PtxOperand? start = null;
        long offset = 0;
        if (Current.Kind == PtxTokenKind.Name)
        {
            start = NamedOperand();
            if (start is PtxSpecialOperand or PtxSinkOperand)
            {
                throw new PtxException(Current.Line, "an address begins with a register, a name or a number");
            }

            bool negative = false;
            if (Take("+") || (negative = Take("-")))
            {
                negative ^= Take("-");
                offset = Whole(Expect(PtxTokenKind.Number, "an offset"));
                offset = negative ? -offset : offset;
            }
        }
        else
        {
            offset = Whole(Expect(PtxTokenKind.Number, "an address"));
        }

        ExpectPunctuation("]");
        return offset is >= int.MinValue and <= int.MaxValue
            ? new PtxAddressOperand(start, offset)
            : throw new PtxException(Current.Line, $"offset {offset} has more than 32 bits");
    }

    private PtxNumberOperand Number()
    {
        bool negative = Take("-");
        PtxToken token = Expect(PtxTokenKind.Number, "a number");
        string text = token.Text;
        if (text.StartsWith("0f", StringComparison.OrdinalIgnoreCase) || text.StartsWith("0d", StringComparison.OrdinalIgnoreCase))
        {
            int digits = char.ToLowerInvariant(text[1]) == 'f' ? 8 : 16;
            return !negative && text.Length == digits + 2 && ulong.TryParse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong bits)
                ? new PtxNumberOperand(digits == 8 ? PtxNumberForm.SingleBits : PtxNumberForm.DoubleBits, bits, IsNegative: false)
                : throw new PtxException(token.Line, $"'{text}' must be followed by exactly {digits} hexadecimal digits and have no sign");
        }

        if (!text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && (text.Contains('.') || text.Contains('e') || text.Contains('E')))
        {
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                ? new PtxNumberOperand(PtxNumberForm.Decimal, BitConverter.DoubleToUInt64Bits(negative ? -value : value), negative)
                : throw new PtxException(token.Line, $"'{text}' is not a number");
        }

        long whole = Whole(token);
        return new PtxNumberOperand(PtxNumberForm.Integer, (ulong)(negative ? -whole : whole), negative);
    }

    private static long Whole(PtxToken token)
    {
        string text = token.Text.TrimEnd('U');
        bool isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return ulong.TryParse(isHex ? text.AsSpan(2) : text, isHex ? NumberStyles.HexNumber : NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
            && (isHex || text.Length == 1 || text[0] != '0')
            ? (long)value
            : throw new PtxException(token.Line, $"'{token.Text}' is not a whole number");
    }

    private PtxRegister Find(PtxToken name) =>
        _registers.TryGetValue(name.Text, out PtxRegister? register) ? register : throw new PtxException(name.Line, $"register {name.Text} is not declared");
}
