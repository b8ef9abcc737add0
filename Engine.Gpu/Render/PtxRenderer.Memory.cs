using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Engine.Gpu;

internal sealed partial class PtxRenderer
{
    private const int MaxVectorBytes = 16;

    private readonly Dictionary<int, string> _bases = [];
    private readonly Stack<Dictionary<PtxAddress, string>> _scopes = new();
    private readonly Dictionary<Value, (DType Element, string Register)> _halves = new(ReferenceEqualityComparer.Instance);

    /// <summary>How elements cross between memory and registers.</summary>
    private enum Passage
    {
        /// <summary>As they are.</summary>
        Plain,

        /// <summary>A byte, widened into 32 bits.</summary>
        Byte,

        /// <summary>Half precision in a 16-bit register.</summary>
        Half,

        /// <summary>The upper half of a single.</summary>
        BFloat16,
    }

    private static Passage PassageOf(DType element) => element switch
    {
        DType.Float32 or DType.Float64 or DType.Int32 or DType.Int64 => Passage.Plain,
        DType.UInt8 or DType.Bool => Passage.Byte,
        DType.Float16 => Passage.Half,
        DType.BFloat16 => Passage.BFloat16,
        _ => throw new UnreachableException(),
    };

    private static string MemoryType(DType element) => element switch
    {
        DType.Float32 => "f32",
        DType.Float64 => "f64",
        DType.Int32 => "b32",
        DType.Int64 => "b64",
        DType.UInt8 or DType.Bool => "u8",
        DType.Float16 => "b16",
        DType.BFloat16 => "u16",
        _ => throw new UnreachableException(),
    };

    private void RenderLoad(LoadStatement load)
    {
        Memory memory = load.Memory;
        Passage passage = PassageOf(memory.Element);
        string[] loaded = [.. load.Results.Select(value => passage switch
        {
            Passage.Half => _registers.NewHalf(),
            Passage.BFloat16 => _registers.New(RegisterType.Int32),
            _ => _registers.Of(value),
        })];
        bool isNever = load.Condition is { IsConstant: true, Bits: 0 };
        if (load.Condition is { } condition && (isNever || !condition.IsConstant))
        {
            string zero = passage switch
            {
                Passage.Half => "mov.b16 {0}, 0;",
                Passage.Plain => $"mov.{Bits(load.Results[0].Type)} {{0}}, {Zero(load.Results[0].Type)};",
                _ => "mov.b32 {0}, 0;",
            };
            foreach (string register in loaded)
            {
                Emit(zero.Replace("{0}", register, StringComparison.Ordinal));
            }
        }

        if (!isNever)
        {
            string space = memory.IsShared ? "shared" : memory.IsReadOnly ? "global.nc" : "global";
            foreach ((int first, int width) in Pieces(memory.Element, loaded.Length))
            {
                Emit($"{Guard(load.Condition)}ld.{space}{Vector(width)}.{MemoryType(memory.Element)} {Braced(loaded.AsSpan(first, width))}, {Address(memory, load.Index, load.Offset + first)};");
            }
        }

        for (int i = 0; i < loaded.Length; i++)
        {
            string result = _registers.Of(load.Results[i]);
            if (passage == Passage.Half)
            {
                Emit($"cvt.f32.f16 {result}, {loaded[i]};");
                _halves[load.Results[i]] = (memory.Element, loaded[i]);
            }
            else if (passage == Passage.BFloat16)
            {
                string upper = _registers.New(RegisterType.Int32);
                Emit($"shl.b32 {upper}, {loaded[i]}, 16;");
                Emit($"mov.b32 {result}, {upper};");
                _halves[load.Results[i]] = (memory.Element, loaded[i]);
            }
        }
    }

    private void RenderStore(StoreStatement store)
    {
        if (store.Condition is { IsConstant: true, Bits: 0 })
        {
            return;
        }

        Memory memory = store.Memory;
        string[] stored = [.. store.Values.Select(value => PassageOf(memory.Element) switch
        {
            // An element that was loaded and not changed is stored as its bits; the driver's compiler drops the unused conversion.
            _ when _halves.TryGetValue(value, out (DType Element, string Register) half) && half.Element == memory.Element => half.Register,
            Passage.Half => ToHalf(Register(value)),
            Passage.BFloat16 => memory.IsShared && _isAmpere ? ToSharedBFloat16(Register(value)) : ToBFloat16(Register(value)),
            _ => Register(value),
        })];
        string space = memory.IsShared ? "shared" : "global";
        foreach ((int first, int width) in Pieces(memory.Element, stored.Length))
        {
            Emit($"{Guard(store.Condition)}st.{space}{Vector(width)}.{MemoryType(memory.Element)} {Address(memory, store.Index, store.Offset + first)}, {Braced(stored.AsSpan(first, width))};");
        }
    }

    private string ToHalf(string single)
    {
        string half = _registers.NewHalf();
        Emit($"cvt.rn.f16.f32 {half}, {single};");
        return half;
    }

    // One instruction, which makes all NaN one: within a kernel that is no matter.
    private string ToSharedBFloat16(string single)
    {
        string brain = _registers.NewHalf();
        Emit($"cvt.rn.bf16.f32 {brain}, {single};");
        return brain;
    }

    // Round to nearest even on the bits, which every card can; a NaN keeps its sign and becomes quiet.
    private string ToBFloat16(string single)
    {
        string bits = _registers.New(RegisterType.Int32);
        string upper = _registers.New(RegisterType.Int32);
        string rounded = _registers.New(RegisterType.Int32);
        string isNaN = _registers.New(RegisterType.Bool);
        Emit($"mov.b32 {bits}, {single};");
        Emit($"shr.u32 {upper}, {bits}, 16;");
        Emit($"and.b32 {rounded}, {upper}, 1;");
        Emit($"add.u32 {rounded}, {rounded}, {bits};");
        Emit($"add.u32 {rounded}, {rounded}, 32767;");
        Emit($"shr.u32 {rounded}, {rounded}, 16;");
        Emit($"or.b32 {upper}, {upper}, 64;");
        Emit($"setp.nan.f32 {isNaN}, {single}, {single};");
        Emit($"selp.b32 {rounded}, {upper}, {rounded}, {isNaN};");
        return rounded;
    }

    private void RenderAddress(PtxAddress address)
    {
        bool isWide = address.Index.Type == RegisterType.Int64;
        (string start, Value summand) = StartOf(address);
        string index = Register(summand);
        string register;
        if (address.Parameter >= 0)
        {
            register = _registers.New(RegisterType.Int64);
            Emit($"mad.{(isWide ? "lo.s64" : "wide.s32")} {register}, {index}, {address.ElementBytes}, {start};");
        }
        else
        {
            // Addresses of shared memory have 32 bits.
            register = _registers.New(RegisterType.Int32);
            if (isWide)
            {
                string narrow = _registers.New(RegisterType.Int32);
                Emit($"cvt.u32.u64 {narrow}, {index};");
                index = narrow;
            }

            Emit($"mad.lo.s32 {register}, {index}, {address.ElementBytes}, {start};");
        }

        _scopes.Peek().Add(address, register);
    }

    // The base of an address, and the part of the index that is still to be added: all of it, or one term where the address of the other is known.
    private (string Start, Value Summand) StartOf(PtxAddress address)
    {
        if (address.Parts is var (first, second))
        {
            if (TryFind(address with { Index = first }, out string? start))
            {
                return (start, second);
            }

            if (TryFind(address with { Index = second }, out start))
            {
                return (start, first);
            }
        }

        return (address.Parameter >= 0 ? BaseOf(address.Parameter) : SharedBase(), address.Index);
    }

    /// <summary>The operand [register + offset] of an element.</summary>
    private string Address(Memory memory, Value index, int offset)
    {
        long bytes = memory.IsShared ? memory.SharedOffset : 0;
        bytes += (long)offset * memory.Element.SizeInBytes();
        string register;
        if (index.IsConstant)
        {
            register = memory.IsShared ? SharedBase() : BaseOf(memory.Parameter);
            bytes += index.Bits * memory.Element.SizeInBytes();
        }
        else
        {
            register = Find(PtxAddress.Of(memory, index));
        }

        // Offsets inside instructions have 32 bits, signed.
        if (bytes is < int.MinValue or > int.MaxValue)
        {
            string far = _registers.New(RegisterType.Int64);
            Emit($"add.s64 {far}, {register}, {Number(bytes)};");
            return $"[{far}]";
        }

        return bytes == 0 ? $"[{register}]" : $"[{register}+{Number(bytes)}]";
    }

    private string Find(PtxAddress address) =>
        TryFind(address, out string? register) ? register : throw new UnreachableException("An address is used that was not planned.");

    private bool TryFind(PtxAddress address, [NotNullWhen(true)] out string? register)
    {
        foreach (Dictionary<PtxAddress, string> scope in _scopes)
        {
            if (scope.TryGetValue(address, out register))
            {
                return true;
            }
        }

        register = null;
        return false;
    }

    private string BaseOf(int parameter)
    {
        if (!_bases.TryGetValue(parameter, out string? register))
        {
            register = _registers.New(RegisterType.Int64);
            _bases.Add(parameter, register);
        }

        return register;
    }

    private string SharedBase()
    {
        if (!_bases.TryGetValue(-1, out string? register))
        {
            register = _registers.New(RegisterType.Int32);
            _bases.Add(-1, register);
        }

        return register;
    }

    // One access carries up to 16 bytes: four doubles are two accesses.
    private static IEnumerable<(int First, int Width)> Pieces(DType element, int count)
    {
        int width = Math.Min(count, MaxVectorBytes / element.SizeInBytes());
        for (int first = 0; first < count; first += width)
        {
            yield return (first, width);
        }
    }

    private string Guard(Value? condition) => condition is null or { IsConstant: true } ? string.Empty : $"@{Register(condition)} ";

    private static string Vector(int width) => width == 1 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $".v{width}");

    private static string Braced(ReadOnlySpan<string> registers) => registers.Length == 1 ? registers[0] : $"{{{string.Join(", ", registers!)}}}";
}
