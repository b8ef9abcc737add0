using System.Collections.Concurrent;

namespace Engine;

/// <summary>What a table was made from.</summary>
/// <param name="Kind">Which rule.</param>
/// <param name="Size">Elements of x's axis.</param>
/// <param name="Count">Elements of y's axis.</param>
/// <param name="Before">Of a border: elements in front.</param>
/// <param name="Scale">Of interpolation: elements of x for each of y.</param>
/// <param name="Corners">Of interpolation: whether the outermost elements lie on each other.</param>
internal readonly record struct AxisKey(AxisKind Kind, int Size, int Count, int Before = 0, double Scale = 1, bool Corners = false);

/// <summary>The rules by which tables are made.</summary>
internal enum AxisKind
{
    Reflect,
    Replicate,
    Circular,
    MeanOfCells,
    Cells,
    Nearest,
    NearestExact,
    Linear,
    Cubic,
    SmoothLinear,
    SmoothCubic,
}

/// <summary>Tables that were made are kept: a network asks for the same few in each step.</summary>
internal static class AxisTables
{
    // Enough for the layers of a network, and little memory: 2¹⁶ entries are 0.75 MB.
    private const int MostTables = 256, MostEntries = 1 << 16;

    private static readonly ConcurrentDictionary<AxisKey, AxisTable> s_tables = new();

    /// <summary>Throws where the device has no room for what a long table makes of a tensor's axis: before the host makes the table.</summary>
    public static void CheckRoom(Tensor x, int axis, int count)
    {
        if (count > MostEntries)
        {
            Tensor.Empty(x.Shape.With(axis, count), x.DType, x.Device).Dispose();
        }
    }

    public static AxisTable Get(AxisKey key, Func<AxisKey, AxisTable> make)
    {
        if (s_tables.TryGetValue(key, out AxisTable? known))
        {
            return known;
        }

        AxisTable table = make(key);
        if (table.Indices.Length <= MostEntries)
        {
            if (s_tables.Count >= MostTables)
            {
                s_tables.Clear();
            }

            table = s_tables.GetOrAdd(key, table);
        }

        return table;
    }
}
