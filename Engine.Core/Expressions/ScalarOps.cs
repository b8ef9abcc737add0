using System.Diagnostics;

namespace Engine.Backends;

/// <summary>The rows of the operation table, by kind; a new operation is an opcode, a row here and a form in each backend, or an expansion.</summary>
internal static partial class ScalarOps
{
    internal static ScalarOp[] BuildTable()
    {
        var table = new ScalarOp[Enum.GetValues<ScalarOpcode>().Length];
        foreach (ScalarOp row in (ScalarOp[])[.. Leaves(), .. Unary(), .. Binary(), .. Logic(), .. Bits(), .. Composed()])
        {
            Debug.Assert(table[(int)row.Opcode] is null, $"Two rows for {row.Opcode}.");
            table[(int)row.Opcode] = row;
        }
        return table;
    }

    private static ScalarOp[] Leaves() =>
    [
        new(ScalarOpcode.Input, "in", 0),
        new(ScalarOpcode.Constant, "constant", 0),
        new(ScalarOpcode.Parameter, "p", 0),
        new(ScalarOpcode.Index, "index", 0),
        new(ScalarOpcode.Random, "random", 0) { Domain = (0, 1) },
    ];
}
