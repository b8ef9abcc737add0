using System.Text;

namespace Engine.Gpu;

/// <summary>A kernel as text that stays the same from build to build: for tests, and to read the kernel that a definition has written.</summary>
/// <example><code>
/// kernel fill(y: Float32[], n: Int32) group 64
///   v3 = LocalId
///   v4 = Less(v3, n)
///   if v4
///     y[v3] = 1
/// </code></example>
internal sealed class KernelPrinter
{
    private readonly Kernel _kernel;
    private readonly StringBuilder _text = new();
    private int _depth = 1;

    private KernelPrinter(Kernel kernel) => _kernel = kernel;

    /// <summary>The text of a kernel, one statement a line.</summary>
    public static string Print(Kernel kernel)
    {
        KernelPrinter printer = new(kernel);
        IEnumerable<string> parameters = kernel.Parameters.Select(p => p.Buffer is { } buffer
            ? $"{p.Name}: {(buffer.IsReadOnly ? "readonly " : string.Empty)}{buffer.Element}[]"
            : $"{p.Name}: {p.Type}");
        printer._text.Append($"kernel {kernel.Name}({string.Join(", ", parameters)}) group {kernel.GroupSize}\n");
        foreach (Memory shared in kernel.Shared)
        {
            printer.Line($"shared {shared.Name}: {shared.Element}[{shared.Count}]");
        }

        printer.Print(kernel.Body);
        return printer._text.ToString();
    }

    private void Print(Block block)
    {
        foreach (Statement statement in block.Statements)
        {
            Print(statement);
        }
    }

    private void Print(Statement statement)
    {
        switch (statement)
        {
            case DefineStatement { Value: { Op: Opcode.Constant or Opcode.Parameter } }:
                break;
            case DefineStatement { Value: var value }:
                Line($"{Name(value)} = {Definition(value)}");
                break;
            case SetStatement set:
                Line($"r{set.Variable.Number} := {Name(set.Value)}");
                break;
            case LoadStatement load:
                Line($"{Names(load.Results)} = {Element(load.Memory, load.Index, load.Offset)}{When(load.Condition)}");
                break;
            case StoreStatement store:
                Line($"{Element(store.Memory, store.Index, store.Offset)} = {Names(store.Values)}{When(store.Condition)}");
                break;
            case PointStatement point:
                Line($"{point.Pointer.Name} -> {point.Target.Name}");
                break;
            case BarrierStatement:
                Line("barrier");
                break;
            case ArriveStatement arrive:
                Line($"{Name(arrive.Result)} = arrive {Element(arrive.Counters, arrive.Index, arrive.Offset)} after {Name(arrive.Last)}");
                break;
            case AwaitStatement wait:
                Line($"await {Element(wait.Counters, wait.Index, wait.Offset)} at least {Name(wait.Least)}");
                break;
            case IfStatement branch:
                Line($"if {Name(branch.Condition)}");
                Nested(branch.Then);
                if (branch.Otherwise is { } otherwise)
                {
                    Line("else");
                    Nested(otherwise);
                }

                break;
            case ForStatement loop:
                Line($"for {Name(loop.Counter)} = {Name(loop.Start)} to {Name(loop.End)} by {Name(loop.Step)}");
                Nested(loop.Body);
                break;
            case MmaStatement mma:
                Line($"{Names(mma.Results)} = {mma.Shape}({Names(mma.A)}; {Names(mma.B)}; {Names(mma.C)})");
                break;
            case LoadMatrixStatement matrix:
                Line($"{Names(matrix.Results)} = matrices{(matrix.Transposed ? " transposed" : string.Empty)} {Element(matrix.Memory, matrix.Index, matrix.Offset)}");
                break;
            case CopyAsyncStatement copy:
                Line($"{Element(copy.Shared, copy.SharedIndex, copy.SharedOffset)} <- {copy.Bytes} bytes {Element(copy.Global, copy.GlobalIndex, copy.GlobalOffset)}{When(copy.Condition)}");
                break;
            case SharedAddressStatement address:
                Line($"{Name(address.Result)} = address of {address.Memory.Name}");
                break;
            case ProxyFenceStatement:
                Line("fence proxy");
                break;
            case WarpgroupFenceStatement:
                Line("warpgroup fence");
                break;
            case WarpgroupMultiplyStatement product:
                Line($"{string.Join(", ", product.Sums.Select(static sum => $"r{sum.Number}"))} += {product.Format}({Names(product.A)}{(product.AIsAlongRows ? " along rows" : string.Empty)}; {Name(product.B)}{(product.BIsAlongColumns ? " along columns" : string.Empty)})");
                break;
            case WarpgroupCommitStatement:
                Line("warpgroup commit");
                break;
            case WarpgroupWaitStatement wait:
                Line($"warpgroup wait {wait.GroupsInFlight}");
                break;
            case CommitAsyncStatement:
                Line("commit");
                break;
            case WaitAsyncStatement wait:
                Line($"wait {wait.GroupsInFlight}");
                break;
        }
    }

    private void Nested(Block block)
    {
        _depth++;
        Print(block);
        _depth--;
    }

    private void Line(string text) => _text.Append(' ', 2 * _depth).Append(text).Append('\n');

    private string Definition(Value value)
    {
        string number = value.Op switch
        {
            Opcode.GroupId or Opcode.GroupCount or Opcode.ShuffleXor => $" {value.Bits}",
            Opcode.Read => $" r{value.Bits}",
            Opcode.Convert or Opcode.Bitcast => $" {value.Type}",
            _ => string.Empty,
        };
        IEnumerable<string> arguments = new[] { value.A, value.B, value.C }.Where(a => a is not null).Select(a => Name(a!));
        return $"{value.Op}{number}{(value.A is null ? string.Empty : $"({string.Join(", ", arguments)})")}";
    }

    private string Name(Value value) => value.Op == Opcode.Parameter ? _kernel.Parameters[(int)value.Bits].Name : value.ToString();

    private string Names(Value[] values) => string.Join(", ", values.Select(Name));

    private string Element(Memory memory, Value index, int offset) =>
        $"{memory.Name}[{Name(index)}{(offset == 0 ? string.Empty : offset > 0 ? $" + {offset}" : $" - {-offset}")}]";

    private string When(Value? condition) => condition is null ? string.Empty : $" when {Name(condition)}";
}
