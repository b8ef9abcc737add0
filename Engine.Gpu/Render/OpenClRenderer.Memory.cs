using System.Diagnostics;

namespace Engine.Gpu;

internal sealed partial class OpenClRenderer
{
    private void RenderLoad(LoadStatement load)
    {
        Memory memory = load.Memory;
        string index = Index(load.Index, load.Offset);
        Value[] results = load.Results;
        string type = Name(results[0].Type);
        if (results.Length == 1)
        {
            Line($"const {type} v{results[0].Id} = {Guarded(load.Condition, LoadElement(memory, index), $"({type})0")};");
            return;
        }

        // One wide access; the address is a multiple of the vector's size.
        string element = memory.Element switch
        {
            DType.Float16 => "float",
            DType.BFloat16 => "ushort",
            _ => ElementName(memory.Element),
        };
        string vector = $"{element}{results.Length}", name = $"t{results[0].Id}";
        string access = memory.Element == DType.Float16
            ? $"vloada_half{results.Length}(0, {HalfPointer(memory, index, "const ")})"
            : $"*(({Space(memory)} const {vector}*)(({Space(memory)} const {element}*){Base(memory)} + {index}))";
        Line($"const {vector} {name} = {Guarded(load.Condition, access, $"({vector})(0)")};");
        for (int i = 0; i < results.Length; i++)
        {
            Line($"const {type} v{results[i].Id} = {(memory.Element == DType.BFloat16 ? $"as_float((uint){name}.s{i} << 16)" : $"{name}.s{i}")};");
        }
    }

    private void RenderStore(StoreStatement store)
    {
        Memory memory = store.Memory;
        if (store.Condition is { } condition)
        {
            Line($"if ({Use(condition)})");
            Line("{");
            _depth++;
        }

        string index = Index(store.Index, store.Offset);
        int width = store.Values.Length;
        if (width == 1)
        {
            Line(StoreElement(memory, index, Use(store.Values[0])));
        }
        else if (memory.Element == DType.Float16)
        {
            Line($"vstorea_half{width}_rte((float{width})({string.Join(", ", store.Values.Select(Use))}), 0, {HalfPointer(memory, index, string.Empty)});");
        }
        else
        {
            string element = memory.Element == DType.BFloat16 ? "ushort" : ElementName(memory.Element), vector = $"{element}{width}";
            string values = string.Join(", ", store.Values.Select(value => Stored(memory.Element, Use(value))));
            Line($"*(({Space(memory)} {vector}*)(({Space(memory)} {element}*){Base(memory)} + {index})) = ({vector})({values});");
        }

        if (store.Condition is not null)
        {
            _depth--;
            Line("}");
        }
    }

    private string Index(Value index, int offset) => offset == 0 ? Use(index) : $"{Use(index)} {(offset < 0 ? "-" : "+")} {Math.Abs(offset)}";

    private string Guarded(Value? condition, string access, string zero) => condition is null ? access : $"{Use(condition)} ? {access} : {zero}";

    // Half precision loads and stores are part of OpenCL 1.0 and need no extension; bfloat16 is the upper half of a single.
    private string LoadElement(Memory memory, string index) => memory.Element switch
    {
        DType.Float16 => $"vload_half({index}, ({Space(memory)} const half*){Base(memory)})",
        DType.BFloat16 => $"as_float((uint)(({Space(memory)} const ushort*){Base(memory)})[{index}] << 16)",
        _ => $"({Pointer(memory)})[{index}]",
    };

    private string StoreElement(Memory memory, string index, string value) => memory.Element switch
    {
        DType.Float16 => $"vstore_half_rte({value}, {index}, ({Space(memory)} half*){Base(memory)});",
        DType.BFloat16 => $"(({Space(memory)} ushort*){Base(memory)})[{index}] = {Stored(memory.Element, value)};",
        _ => $"({Pointer(memory)})[{index}] = {Stored(memory.Element, value)};",
    };

    private static string Stored(DType element, string value) => element switch
    {
        // Round to nearest even on the bits; a NaN keeps its sign and becomes quiet.
        DType.BFloat16 => $"(({value} != {value}) ? (ushort)((as_uint({value}) >> 16) | 0x40u) "
            + $": (ushort)((as_uint({value}) + 0x7fffu + ((as_uint({value}) >> 16) & 1u)) >> 16))",
        DType.UInt8 or DType.Bool => $"(uchar)({value})",
        _ => value,
    };

    // Without cl_khr_fp16 nothing may be computed with a half, nor its size be asked for: elements are counted as whole numbers of 16 bits.
    private static string HalfPointer(Memory memory, string index, string constness) =>
        $"({Space(memory)} {constness}half*)(({Space(memory)} {constness}ushort*){Base(memory)} + {index})";

    private static string Space(Memory memory) => memory.IsShared ? "__local" : "__global";

    private static string Base(Memory memory) => memory.IsShared ? $"(shared + {memory.SharedOffset})" : memory.Name;

    private string Pointer(Memory memory) =>
        $"({Space(memory)} {(memory.IsReadOnly ? "const " : string.Empty)}{ElementName(memory.Element)}*){Base(memory)}";

    private string ElementName(DType element)
    {
        _usesDouble |= element == DType.Float64;
        return element switch
        {
            DType.Float32 => "float",
            DType.Float64 => "double",
            DType.Int32 => "int",
            DType.Int64 => "long",
            DType.UInt8 or DType.Bool => "uchar",
            _ => throw new UnreachableException(),
        };
    }
}
