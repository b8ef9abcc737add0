using System.Numerics;
using static Engine.PtxInterpreter.PtxType;

namespace Engine.PtxInterpreter;

/// <summary>mov, ld, st, cvta, atom, red.</summary>
internal sealed partial class KernelCompiler
{
    private static readonly PtxType[] s_memoryTypes = [B8, B16, B32, B64, U8, U16, U32, U64, S8, S16, S32, S64, F32, F64];

    private Operation Move()
    {
        PtxType type = _modifiers.Type(Pred, B16, B32, B64, U16, U32, U64, S16, S32, S64, F32, F64);
        _modifiers.End(2);
        if (_instruction.Operands[1] is PtxVectorOperand source)
        {
            int[] elements = [.. source.Elements.Select(element => Read(element, ElementType(type, source.Elements.Count)))];
            return new Pack(Write(0, type), type.Bytes(), elements);
        }

        if (_instruction.Operands[0] is PtxVectorOperand destination)
        {
            int a = Read(1, type);
            return new Unpack([.. destination.Elements.Select(element => WriteOrSink(element, ElementType(type, destination.Elements.Count)))], a, type.Bytes());
        }

        int from;
        if (_instruction.Operands[1] is PtxNameOperand(string name))
        {
            int offset = _kernel.Shared.TryGetValue(name, out PtxShared? shared) ? shared.Offset
                : _kernel.Locals.TryGetValue(name, out PtxLocal? local) && !local.IsParameter ? local.Offset
                : throw Error($"{name} is no shared or local variable of this kernel");
            if (type is not (U32 or S32 or B32 or U64 or S64 or B64))
            {
                throw Error($"{type.Name()} cannot hold the address of {name}");
            }

            from = _columns.Constant(type.Bytes(), (ulong)offset);
        }
        else
        {
            from = Read(1, type);
        }

        int d = Write(0, type);
        return type.Bytes() switch
        {
            1 => new Move<byte>(d, from),
            2 => new Move<ushort>(d, from),
            4 => new Move<uint>(d, from),
            _ => new Move<ulong>(d, from),
        };
    }

    private PtxType ElementType(PtxType type, int count) => (type, count) switch
    {
        (B32, 2) => B16,
        (B64, 2) => B32,
        (B64, 4) => B16,
        _ => throw Error($"{count} elements do not make a {type.Name()}"),
    };

    /// <summary>Between a space's own addresses and generic ones, which lie in a window.</summary>
    private Operation ConvertAddress()
    {
        bool isToSpace = _modifiers.Take("to");
        MemorySpace space = Space(_modifiers.Expect("global", "shared", "local"));
        (int d, int a) = Two(_modifiers.Type(U64));
        if (space == MemorySpace.Global)
        {
            return new Move<ulong>(d, a);
        }

        int window = _columns.Constant(8, GenericWindows.Of(space));
        return isToSpace ? new VectorBinary<ulong, Subtract<ulong>>(d, a, window) : new VectorBinary<ulong, Add<ulong>>(d, a, window);
    }

    private static MemorySpace Space(string? modifier) => modifier switch
    {
        "global" => MemorySpace.Global,
        "shared" => MemorySpace.Shared,
        "local" or "param" => MemorySpace.Local,
        _ => MemorySpace.Generic,
    };

    private Operation Load()
    {
        bool isVolatile = _modifiers.Take("volatile");
        if (!isVolatile && _modifiers.Take("acquire"))
        {
            return LoadAcquired();
        }

        string? space = _modifiers.TakeAny("param", "global", "shared", "local");
        if (space == "global" && !isVolatile)
        {
            _modifiers.TakeAny("ca", "cg", "cs", "cv");
            _modifiers.Take("nc");
            TakeEvictionPriority();
        }

        (int count, PtxType type) = VectorType();
        _modifiers.End(2);
        if (space == "param" && !IsCallParameter(1))
        {
            return LoadParameter(count, type);
        }

        int bytes = count * type.Bytes();
        Address address = AddressOf(1, Space(space), bytes);
        IReadOnlyList<PtxOperand> operands = count == 1 ? [_instruction.Operands[0]] : Vector(0, count);
        PtxType register = RegisterType(operands.FirstOrDefault(operand => operand is not PtxSinkOperand) ?? throw Error("nothing is loaded"));
        int[] d = [.. operands.Select(operand => count == 1 ? Write(operand, type, relaxed: true) : WriteOrSink(operand, type, relaxed: true))];
        if (operands.Any(operand => operand is not PtxSinkOperand && RegisterType(operand).Bytes() != register.Bytes()))
        {
            throw Error("the registers of a vector must have one size");
        }

        if (d.Where(slot => slot >= 0).Distinct().Count() != d.Count(slot => slot >= 0))
        {
            throw Error("a register stands twice in the destination");
        }

        return type switch
        {
            U8 or B8 => Load<byte>(Space(space), register, d, address),
            S8 => Load<sbyte>(Space(space), register, d, address),
            U16 or B16 => Load<ushort>(Space(space), register, d, address),
            S16 => Load<short>(Space(space), register, d, address),
            U32 or B32 or F32 => Load<uint>(Space(space), register, d, address),
            S32 => Load<int>(Space(space), register, d, address),
            S64 => Load<long>(Space(space), register, d, address),
            _ => Load<ulong>(Space(space), register, d, address),
        };
    }

    private Operation Load<T>(MemorySpace space, PtxType register, int[] d, Address address)
        where T : unmanaged, INumberBase<T> => (space, register.Bytes()) switch
        {
            (MemorySpace.Global, 2) => new LoadGlobal<T, ushort>(d, _memoryOperations++, address),
            (MemorySpace.Global, 4) => new LoadGlobal<T, uint>(d, _memoryOperations++, address),
            (MemorySpace.Global, _) => new LoadGlobal<T, ulong>(d, _memoryOperations++, address),
            (MemorySpace.Shared, 2) => new LoadShared<T, ushort>(d, address),
            (MemorySpace.Shared, 4) => new LoadShared<T, uint>(d, address),
            (MemorySpace.Shared, _) => new LoadShared<T, ulong>(d, address),
            (_, 2) => new LoadPlaced<T, ushort>(d, _memoryOperations++, address, space),
            (_, 4) => new LoadPlaced<T, uint>(d, _memoryOperations++, address, space),
            _ => new LoadPlaced<T, ulong>(d, _memoryOperations++, address, space),
        };

    /// <summary>A load that acquires for the whole device: what blocks that wait for others look with. Of all kinds the engine has this one.</summary>
    private Operation LoadAcquired()
    {
        _modifiers.Expect("gpu");
        _modifiers.Expect("global");
        PtxType type = _modifiers.Type(B32, U32, S32);
        _modifiers.End(2);
        Address address = AddressOf(1, MemorySpace.Global, type.Bytes());
        return new LoadAcquired(Write(0, type), _memoryOperations++, address);
    }

    /// <summary>Whether an address names a parameter of a call, which is a variable of the thread, and not one of the launch.</summary>
    private bool IsCallParameter(int operand) =>
        _instruction.Operands[operand] is PtxAddressOperand(PtxNameOperand(string name), _) && _kernel.Locals.TryGetValue(name, out PtxLocal? local) && local.IsParameter;

    private Operation LoadParameter(int count, PtxType type)
    {
        if (count != 1 || _instruction.Operands[1] is not PtxAddressOperand(PtxNameOperand(string name), long offset))
        {
            throw Error("a parameter is loaded by its name, one value at a time");
        }

        PtxParameter parameter = _kernel.Parameters.FirstOrDefault(p => p.Name == name) ?? throw Error($"{name} is no parameter of this kernel");
        int at = parameter.Offset + (int)offset;
        if (offset < 0 || offset + type.Bytes() > parameter.Bytes || at % type.Bytes() != 0)
        {
            throw Error($"{name}+{offset} is not within the {parameter.Bytes} bytes of {name}, or not aligned");
        }

        int d = Write(0, type, relaxed: true);
        PtxType register = RegisterType(_instruction.Operands[0]);
        return type switch
        {
            U8 or B8 => LoadParameter<byte>(register, d, at),
            S8 => LoadParameter<sbyte>(register, d, at),
            U16 or B16 => LoadParameter<ushort>(register, d, at),
            S16 => LoadParameter<short>(register, d, at),
            U32 or B32 or F32 => LoadParameter<uint>(register, d, at),
            S32 => LoadParameter<int>(register, d, at),
            S64 => LoadParameter<long>(register, d, at),
            _ => LoadParameter<ulong>(register, d, at),
        };
    }

    private static Operation LoadParameter<T>(PtxType register, int d, int offset)
        where T : unmanaged, INumberBase<T> => register.Bytes() switch
        {
            2 => new LoadParameter<T, ushort>(d, offset),
            4 => new LoadParameter<T, uint>(d, offset),
            _ => new LoadParameter<T, ulong>(d, offset),
        };

    private Operation Store()
    {
        bool isVolatile = _modifiers.Take("volatile");
        string? space = _modifiers.TakeAny("global", "shared", "local", "param");
        if (space == "global" && !isVolatile)
        {
            _modifiers.TakeAny("wb", "cg", "cs", "wt");
            TakeEvictionPriority();
        }

        (int count, PtxType type) = VectorType();
        _modifiers.End(2);
        if (space == "param" && !IsCallParameter(0))
        {
            throw Error("only parameters of calls can be stored, by their names");
        }

        int bytes = count * type.Bytes();
        Address address = AddressOf(0, Space(space), bytes);
        IReadOnlyList<PtxOperand> operands = count == 1 ? [_instruction.Operands[1]] : Vector(1, count);
        PtxOperand? first = operands.FirstOrDefault(operand => operand is PtxRegisterOperand);

        // A number gets a column as wide as the registers beside it.
        PtxType register = first == null ? (type.Bytes() == 1 ? U16 : type) : RegisterType(first);
        int[] s = [.. operands.Select(operand => operand is PtxNumberOperand number
            ? _columns.Constant(register.Bytes(), Bits(number, type))
            : Read(operand, type, relaxed: true))];
        if (operands.Any(operand => operand is PtxRegisterOperand && RegisterType(operand).Bytes() != register.Bytes()))
        {
            throw Error("the registers of a vector must have one size");
        }

        return type.Bytes() switch
        {
            1 => Store<byte>(Space(space), register, s, address),
            2 => Store<ushort>(Space(space), register, s, address),
            4 => Store<uint>(Space(space), register, s, address),
            _ => Store<ulong>(Space(space), register, s, address),
        };
    }

    private Operation Store<T>(MemorySpace space, PtxType register, int[] s, Address address)
        where T : unmanaged, INumberBase<T> => (space, register.Bytes()) switch
        {
            (MemorySpace.Global, 2) => new StoreGlobal<T, ushort>(s, _memoryOperations++, address),
            (MemorySpace.Global, 4) => new StoreGlobal<T, uint>(s, _memoryOperations++, address),
            (MemorySpace.Global, _) => new StoreGlobal<T, ulong>(s, _memoryOperations++, address),
            (MemorySpace.Shared, 2) => new StoreShared<T, ushort>(s, address),
            (MemorySpace.Shared, 4) => new StoreShared<T, uint>(s, address),
            (MemorySpace.Shared, _) => new StoreShared<T, ulong>(s, address),
            (_, 2) => new StorePlaced<T, ushort>(s, _memoryOperations++, address, space),
            (_, 4) => new StorePlaced<T, uint>(s, _memoryOperations++, address, space),
            _ => new StorePlaced<T, ulong>(s, _memoryOperations++, address, space),
        };

    private (int Count, PtxType Type) VectorType()
    {
        int count = _modifiers.TakeAny("v2", "v4") switch
        {
            "v2" => 2,
            "v4" => 4,
            _ => 1,
        };
        PtxType type = _modifiers.Type(s_memoryTypes);
        return count * type.Bytes() <= 16 ? (count, type) : throw Error("a vector has at most 16 bytes");
    }

    private void TakeEvictionPriority()
    {
        if (_modifiers.TakeAny("L1::no_allocate", "L1::evict_first", "L1::evict_last", "L1::evict_unchanged") != null)
        {
            Require(74, 70, "a cache priority");
        }
    }

    private Operation Atomic()
    {
        bool hasResult = _instruction.Opcode == "atom";
        string? order = _modifiers.TakeAny("relaxed", "acquire", "release", "acq_rel");
        bool isForDevice = _modifiers.TakeAny("cta", "gpu", "sys") is "gpu" or "sys";
        (bool, bool) ordered = (isForDevice && order is "acquire" or "acq_rel", isForDevice && order is "release" or "acq_rel");

        // The language puts the space before the operation; assemblers take it behind as well.
        ReadOnlySpan<string> operations = ["add", "inc", "min", "max", "and", "or", "xor", "exch", "cas"];
        string? space = _modifiers.TakeAny("global", "shared");
        string operation = _modifiers.Expect(operations);
        space ??= _modifiers.TakeAny("global", "shared");
        if (!hasResult && operation is "exch" or "cas")
        {
            throw Error($".{operation} makes sense with atom only");
        }

        PtxType type = operation switch
        {
            "inc" => _modifiers.Type(U32),
            "add" => _modifiers.Type(U32, S32, U64, F32, F64),
            "min" or "max" => _modifiers.Type(U32, S32, U64, S64),
            _ => _modifiers.Type(B32, B64),
        };
        int at = hasResult ? 1 : 0;
        _modifiers.End(at + (operation == "cas" ? 3 : 2));
        Address address = AddressOf(at, Space(space), type.Bytes());
        int b = Read(at + 1, type);
        int c = operation == "cas" ? Read(at + 2, type) : b;
        int d = hasResult ? WriteOrSink(_instruction.Operands[0], type) : -1;
        return (operation, type) switch
        {
            ("inc", _) => Atomic<uint, AtomicIncrement>(Space(space), d, address, b, c, ordered),
            ("add", F32) => Atomic<float, AtomicAdd<float>>(Space(space), d, address, b, c, ordered),
            ("add", F64) => Atomic<double, AtomicAdd<double>>(Space(space), d, address, b, c, ordered),
            ("add", U64) => Atomic<ulong, AtomicAdd<ulong>>(Space(space), d, address, b, c, ordered),
            ("add", _) => Atomic<uint, AtomicAdd<uint>>(Space(space), d, address, b, c, ordered),
            ("min", U32) => Atomic<uint, AtomicMinimum<uint>>(Space(space), d, address, b, c, ordered),
            ("min", S32) => Atomic<int, AtomicMinimum<int>>(Space(space), d, address, b, c, ordered),
            ("min", U64) => Atomic<ulong, AtomicMinimum<ulong>>(Space(space), d, address, b, c, ordered),
            ("min", _) => Atomic<long, AtomicMinimum<long>>(Space(space), d, address, b, c, ordered),
            ("max", U32) => Atomic<uint, AtomicMaximum<uint>>(Space(space), d, address, b, c, ordered),
            ("max", S32) => Atomic<int, AtomicMaximum<int>>(Space(space), d, address, b, c, ordered),
            ("max", U64) => Atomic<ulong, AtomicMaximum<ulong>>(Space(space), d, address, b, c, ordered),
            ("max", _) => Atomic<long, AtomicMaximum<long>>(Space(space), d, address, b, c, ordered),
            (_, B32) => AtomicBits<uint>(operation, Space(space), d, address, b, c, ordered),
            _ => AtomicBits<ulong>(operation, Space(space), d, address, b, c, ordered),
        };
    }

    private Operation AtomicBits<T>(string operation, MemorySpace space, int d, Address address, int b, int c, (bool Acquires, bool Releases) ordered)
        where T : unmanaged, IBinaryInteger<T> => operation switch
        {
            "and" => Atomic<T, AtomicAnd<T>>(space, d, address, b, c, ordered),
            "or" => Atomic<T, AtomicOr<T>>(space, d, address, b, c, ordered),
            "xor" => Atomic<T, AtomicXor<T>>(space, d, address, b, c, ordered),
            "exch" => Atomic<T, AtomicExchange<T>>(space, d, address, b, c, ordered),
            _ => Atomic<T, AtomicCompareExchange<T>>(space, d, address, b, c, ordered),
        };

    private Operation Atomic<T, TOp>(MemorySpace space, int d, Address address, int b, int c, (bool Acquires, bool Releases) ordered)
        where T : unmanaged
        where TOp : struct, IAtomic<T> =>
        space switch
        {
            MemorySpace.Shared => new AtomicShared<T, TOp>(d, address, b, c),
            MemorySpace.Global => new AtomicGlobal<T, TOp>(d, _memoryOperations++, address, b, c, ordered.Acquires, ordered.Releases),
            _ => new AtomicPlaced<T, TOp>(d, _memoryOperations++, address, space, b, c),
        };
}
