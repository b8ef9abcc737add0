using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Engine.Tests.Reference;

namespace Engine.Tests.Golden;

/// <summary>A folder of cases: the one beside the tests, or the one that ENGINE_GOLDEN names.</summary>
/// <remarks>The reader is the tests' own: the engine's is under test itself.</remarks>
internal sealed class GoldenSet
{
    private readonly byte[] _data;
    private readonly Dictionary<string, (string Type, int[] Sizes, int Start, int End)> _entries = [];

    private GoldenSet(string folder)
    {
        Folder = folder;
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "golden.json")));
        Cases = [.. cases.RootElement.EnumerateArray().Select(GoldenCase.Parse)];

        byte[] file = File.ReadAllBytes(Path.Combine(folder, "golden.safetensors"));
        int headerLength = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file));
        _data = file[(8 + headerLength)..];
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, headerLength));
        foreach (JsonProperty entry in header.RootElement.EnumerateObject().Where(e => e.Name != "__metadata__"))
        {
            int[] sizes = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(e => e.GetInt32())];
            int[] offsets = [.. entry.Value.GetProperty("data_offsets").EnumerateArray().Select(e => e.GetInt32())];
            _entries[entry.Name] = (entry.Value.GetProperty("dtype").GetString()!, sizes, offsets[0], offsets[1]);
        }
    }

    /// <summary>The set that the tests run on.</summary>
    public static GoldenSet Current { get; } = new(
        Environment.GetEnvironmentVariable("ENGINE_GOLDEN") is { Length: > 0 } named ? named : Path.Combine(AppContext.BaseDirectory, "Golden", "data"));

    public string Folder { get; }

    public IReadOnlyList<GoldenCase> Cases { get; }

    /// <summary>The names behind a prefix, such as <c>add_0/out/</c>.</summary>
    public IEnumerable<string> Names(string prefix) =>
        _entries.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..]);

    /// <summary>A tensor; floating point in the given type.</summary>
    public Tensor Load(string name, Device device, DType floating)
    {
        (string type, int[] sizes, int start, int end) = Entry(name);
        ReadOnlySpan<byte> bytes = _data.AsSpan(start, end - start);
        return type switch
        {
            "F32" => Tensor.From(MemoryMarshal.Cast<byte, float>(bytes), sizes, ReferenceDevice.Shared).To(floating).To(device),
            "F64" => Tensor.From(MemoryMarshal.Cast<byte, double>(bytes), sizes, ReferenceDevice.Shared).To(floating).To(device),
            "I64" => Tensor.From(MemoryMarshal.Cast<byte, long>(bytes), sizes, device),
            _ => throw new InvalidDataException($"{name}: type {type}."),
        };
    }

    /// <summary>The expected values, with their shape.</summary>
    public (Shape Shape, double[] Values) Values(string name)
    {
        (string type, int[] sizes, int start, int end) = Entry(name);
        ReadOnlySpan<byte> bytes = _data.AsSpan(start, end - start);
        return (sizes, type switch
        {
            "F32" => [.. MemoryMarshal.Cast<byte, float>(bytes).ToArray().Select(v => (double)v)],
            "F64" => MemoryMarshal.Cast<byte, double>(bytes).ToArray(),
            "I64" => [.. MemoryMarshal.Cast<byte, long>(bytes).ToArray().Select(v => (double)v)],
            _ => throw new InvalidDataException($"{name}: type {type}."),
        });
    }

    private (string Type, int[] Sizes, int Start, int End) Entry(string name) => _entries.TryGetValue(name, out var entry)
        ? entry
        : throw new InvalidDataException($"golden.safetensors in {Folder} has no tensor '{name}'.");
}
