namespace Engine.Gpu;

internal sealed partial class KernelBuilder
{

    /// <summary>A constant of a type.</summary>
    public Value Constant(RegisterType type, double number) => type switch
    {
        RegisterType.Float32 => Pure(Opcode.Constant, type, BitConverter.DoubleToInt64Bits((float)number)),
        RegisterType.Float64 => Pure(Opcode.Constant, type, BitConverter.DoubleToInt64Bits(number)),
        RegisterType.Bool => Bool(number != 0),
        RegisterType.UInt32 => Pure(Opcode.Constant, type, (uint)number, isNonNegative: true),
        RegisterType.Int32 => Pure(Opcode.Constant, type, checked((int)number), isNonNegative: number >= 0),
        _ => Pure(Opcode.Constant, type, checked((long)number), isNonNegative: number >= 0),
    };

    /// <summary>A 32-bit integer.</summary>
    public Value Int32(int number) => Pure(Opcode.Constant, RegisterType.Int32, number, isNonNegative: number >= 0);

    /// <summary>A 64-bit integer.</summary>
    public Value Int64(long number) => Pure(Opcode.Constant, RegisterType.Int64, number, isNonNegative: number >= 0);

    /// <summary>An unsigned 32-bit integer.</summary>
    public Value UInt32(uint number) => Pure(Opcode.Constant, RegisterType.UInt32, number, isNonNegative: true);

    /// <summary>A single.</summary>
    public Value Float32(float number) => Constant(RegisterType.Float32, number);

    /// <summary>A double.</summary>
    public Value Float64(double number) => Constant(RegisterType.Float64, number);

    /// <summary>A truth value.</summary>
    public Value Bool(bool value) => Pure(Opcode.Constant, RegisterType.Bool, value ? 1 : 0);

    /// <summary>a · b + c with one rounding; of integers the plain sum.</summary>
    public Value Fma(Value a, Value b, Value c)
    {
        if (!a.Type.IsFloat())
        {
            return (a * b) + c;
        }

        RequireSame(Opcode.Fma, a, b);
        RequireSame(Opcode.Fma, a, c);
        return Pure(Opcode.Fma, a.Type, 0, a, b, c);
    }

    /// <summary>a where the condition holds, else b.</summary>
    public Value Select(Value condition, Value a, Value b)
    {
        RequireSame(Opcode.Select, a, b);
        RequireType(Opcode.Select, condition, RegisterType.Bool);
        return Pure(Opcode.Select, a.Type, 0, condition, a, b, a.IsNonNegative && b.IsNonNegative);
    }

    /// <summary>The smaller; NaN where either is.</summary>
    public Value Min(Value a, Value b) => Binary(Opcode.Min, a, b);

    /// <summary>The larger; NaN where either is.</summary>
    public Value Max(Value a, Value b) => Binary(Opcode.Max, a, b);

    /// <summary>The upper half of the 64-bit product of two UInt32.</summary>
    public Value MulHigh(Value a, Value b)
    {
        RequireType(Opcode.MulHigh, a, RegisterType.UInt32);
        RequireType(Opcode.MulHigh, b, RegisterType.UInt32);
        return Pure(Opcode.MulHigh, RegisterType.UInt32, 0, a, b, null, isNonNegative: true);
    }

    /// <summary>|a| with the sign of b.</summary>
    public Value CopySign(Value a, Value b) => Binary(Opcode.CopySign, a, b);

    /// <summary>One of the operations with one argument.</summary>
    public Value Unary(Opcode op, Value a)
    {
        Require(a);
        bool fits = op switch
        {
            Opcode.Neg or Opcode.Abs => a.Type is not (RegisterType.Bool or RegisterType.UInt32),
            Opcode.Not => !a.Type.IsFloat(),
            >= Opcode.Exp and <= Opcode.Erf => a.Type.IsFloat() && Target.HasMathFunctions,
            _ => a.Type.IsFloat(),
        };
        return fits ? Pure(op, a.Type, 0, a) : throw Fault($"{op} of a {a.Type}");
    }

    /// <summary>One of the operations with two arguments of one type.</summary>
    public Value Binary(Opcode op, Value a, Value b)
    {
        Require(a);
        Require(b);
        if (op is Opcode.ShiftLeft or Opcode.ShiftRight)
        {
            RequireType(op, b, RegisterType.Int32);
            return a.Type.IsInteger() ? Pure(op, a.Type, 0, a, b, null, a.IsNonNegative && (op == Opcode.ShiftRight || a.Type == RegisterType.UInt32)) : throw Fault($"{op} of a {a.Type}");
        }

        RequireSame(op, a, b);
        bool fits = op switch
        {
            Opcode.And or Opcode.Or or Opcode.Xor => !a.Type.IsFloat(),
            Opcode.Rem => a.Type.IsInteger(),
            Opcode.CopySign or Opcode.Pow => a.Type.IsFloat(),
            _ => a.Type != RegisterType.Bool,
        };
        if (!fits)
        {
            throw Fault($"{op} of two {a.Type}");
        }

        bool both = a.IsNonNegative && b.IsNonNegative;
        bool nonNegative = a.Type == RegisterType.UInt32 || (a.Type.IsInteger() && op switch
        {
            Opcode.Add or Opcode.Mul or Opcode.Div or Opcode.Rem or Opcode.Or or Opcode.Xor or Opcode.Min => both,
            Opcode.Max or Opcode.And => a.IsNonNegative || b.IsNonNegative,
            _ => false,
        });
        return Pure(op, a.Type, 0, a, b, null, nonNegative);
    }

    /// <summary>One of the comparisons.</summary>
    public Value Compare(Opcode op, Value a, Value b)
    {
        RequireSame(op, a, b);
        return a.Type != RegisterType.Bool ? Pure(op, RegisterType.Bool, 0, a, b) : throw Fault($"{op} of two truth values; use ^ and !");
    }

    /// <summary>Another type; see <see cref="Opcode.Convert"/>. From an integer to Bool it is a ≠ 0.</summary>
    public Value Convert(Value a, RegisterType type)
    {
        Require(a);
        return a.Type == type ? a
            : type == RegisterType.Bool ? a.IsNot(0)
            : Pure(Opcode.Convert, type, 0, a, isNonNegative: a.IsNonNegative || a.Type is RegisterType.Bool);
    }

    /// <summary>The same bits as another type of the same width.</summary>
    public Value Bitcast(Value a, RegisterType type)
    {
        Require(a);
        bool wide = a.Type is RegisterType.Int64 or RegisterType.Float64;
        return a.Type == type ? a
            : a.Type != RegisterType.Bool && type != RegisterType.Bool && wide == type is RegisterType.Int64 or RegisterType.Float64 ? Pure(Opcode.Bitcast, type, 0, a)
            : throw Fault($"the bits of a {a.Type} as {type}");
    }

    /// <summary>The value that the work-item at exclusive-or distance <paramref name="mask"/> of the sub-group holds. All of it must take part.</summary>
    public Value ShuffleXor(Value a, int mask)
    {
        Require(a);
        if (Target.SubGroupSize == 0 || a.Type is RegisterType.Bool or RegisterType.Int64 or RegisterType.Float64)
        {
            throw Fault($"a shuffle of a {a.Type} over sub-groups of {Target.SubGroupSize}");
        }

        Value result = new(this, Opcode.ShuffleXor, a.Type, mask, a, null, null, _state.Block, a.IsNonNegative);
        Append(new DefineStatement(result));
        return result;
    }

    internal Value Read(Variable variable)
    {
        RequireArrived(variable);
        if (_state.Pending.TryGetValue(variable.Number, out Value? value) || _state.Reads.TryGetValue(variable.Number, out value))
        {
            return value;
        }

        value = Fresh(Opcode.Read, variable.Type, variable.Number, isNonNegative: false);
        Append(new DefineStatement(value));
        _state.Reads[variable.Number] = value;
        return value;
    }

    /// <summary>Assignments wait for the end of the straight line, so that of several only the last is made.</summary>
    internal void Set(Variable variable, Value value)
    {
        Require(value);
        RequireArrived(variable);
        if (value.Type != variable.Type)
        {
            throw Fault($"a {value.Type} is assigned to a {variable.Type} variable");
        }

        _state.Pending[variable.Number] = value;
    }

    private void Flush()
    {
        foreach ((int number, Value value) in _state.Pending)
        {
            Append(new SetStatement(_state.Variables[number], value));
            _state.Reads[number] = value;
        }

        _state.Pending.Clear();
    }

    private Value Fresh(Opcode op, RegisterType type, long bits, bool isNonNegative) => new(this, op, type, bits, null, null, null, _state.Block, isNonNegative);

    /// <summary>A value without side effects: simplified, found if it is known, else computed as far out as it can be.</summary>
    private Value Pure(Opcode op, RegisterType type, long bits, Value? a = null, Value? b = null, Value? c = null, bool isNonNegative = false)
    {
        if (a is not null && Simplify(op, type, a, b, c) is { } simpler)
        {
            return simpler;
        }

        // One order for both spellings: constants last, otherwise the older value first.
        if (b is not null && IsCommutative(op) && (a!.IsConstant ? !b.IsConstant : !b.IsConstant && a.Id > b.Id))
        {
            (a, b) = (b, a);
        }

        ValueKey key = new(op, type, bits, a, b, c);
        Block home = HomeOf(op, a, b, c);
        for (Block? block = _state.Block; block is not null; block = block.Parent)
        {
            if (block.Known.TryGetValue(key, out Value? known))
            {
                return known;
            }
        }

        Value value = new(this, op, type, bits, a, b, c, home, isNonNegative || op is Opcode.LocalId or Opcode.GroupId or Opcode.GroupCount);
        home.Known[key] = value;
        home.Statements.Add(new DefineStatement(value));
        return value;
    }

    /// <summary>Out of every loop whose values it does not need, but not out of a branch: a computation under a condition may be costly or undefined without it.</summary>
    private Block HomeOf(Opcode op, Value? a, Value? b, Value? c)
    {
        if (op is Opcode.Constant or Opcode.Parameter or Opcode.LocalId or Opcode.GroupId or Opcode.GroupCount)
        {
            return _state.Root;
        }

        int depth = Math.Max(a?.Home.Depth ?? 0, Math.Max(b?.Home.Depth ?? 0, c?.Home.Depth ?? 0));
        Block home = _state.Block;
        bool mayTrap = op is Opcode.Div or Opcode.Rem && !(b!.IsConstant && b.Bits != 0) && a!.Type.IsInteger();
        while (home.Depth > depth && home.Kind == BlockKind.Loop && !mayTrap)
        {
            home = home.Parent!;
        }

        return home;
    }

    private void RequireSame(Opcode op, Value a, Value b)
    {
        Require(a);
        Require(b);
        if (a.Type != b.Type)
        {
            throw Fault($"{op} of a {a.Type} and a {b.Type}");
        }
    }

    private void RequireType(Opcode op, Value a, RegisterType type)
    {
        Require(a);
        if (a.Type != type)
        {
            throw Fault($"{op} needs a {type} and got a {a.Type}");
        }
    }
}
