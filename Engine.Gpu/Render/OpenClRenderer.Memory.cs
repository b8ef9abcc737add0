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
        if (results.Length > 1 && IsPlain(memory.Element))
        {
            // One wide access; the address is a multiple of the vector's size.
            string vector = $"{ElementName(memory.Element)}{results.Length}";
            string access = $"*(({Space(memory)} const {vector}*)({Pointer(memory)} + {index}))";
            string name = $"t{results[0].Id}";
            Line($"const {vector} {name} = {Guarded(load.Condition, access, $"({vector})(0)")};");
            for (int i = 0; i < results.Length; i++)
            {
                Line($"const {type} v{results[i].Id} = {name}.s{i};");
            }

            return;
        }

        for (int i = 0; i < results.Length; i++)
        {
            string element = results.Length == 1 ? index : $"{index} + {i}";
            Line($"const {type} v{results[i].Id} = {Guarded(load.Condition, LoadElement(memory, element), $"({type})0")};");
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
        if (store.Values.Length > 1 && IsPlain(memory.Element))
        {
            string vector = $"{ElementName(memory.Element)}{store.Values.Length}";
            Line($"*(({Space(memory)} {vector}*)({Pointer(memory)} + {index})) = ({vector})({string.Join(", ", store.Values.Select(Use))});");
        }
        else
        {
            for (int i = 0; i < store.Values.Length; i++)
            {
                Line(StoreElement(memory, i == 0 ? index : $"{index} + {i}", Use(store.Values[i])));
            }
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

        // Round to nearest even on the bits; a NaN keeps its sign and becomes quiet.
        DType.BFloat16 => $"(({Space(memory)} ushort*){Base(memory)})[{index}] = ({value} != {value}) ? (ushort)((as_uint({value}) >> 16) | 0x40u) "
            + $": (ushort)((as_uint({value}) + 0x7fffu + ((as_uint({value}) >> 16) & 1u)) >> 16);",
        DType.UInt8 or DType.Bool => $"({Pointer(memory)})[{index}] = (uchar)({value});",
        _ => $"({Pointer(memory)})[{index}] = {value};",
    };

    private static bool IsPlain(DType element) => element is DType.Float32 or DType.Float64 or DType.Int32 or DType.Int64;

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
