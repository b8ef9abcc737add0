using System.Globalization;
using System.Text;

namespace Engine.Nn;

/// <summary>A table of a model's modules with output shapes, parameters and floating-point operations, from one run in evaluation mode.</summary>
public sealed class ModelSummary
{
    private ModelSummary(IReadOnlyList<SummaryRow> rows, long trainable)
    {
        Rows = rows;
        ParameterCount = rows.Sum(static r => r.Parameters);
        TrainableParameterCount = trainable;
        Flops = rows.Sum(static r => r.Flops);
    }

    /// <summary>The modules, the model itself first, each before those below it.</summary>
    public IReadOnlyList<SummaryRow> Rows { get; }

    /// <summary>The number of values in all parameters.</summary>
    public long ParameterCount { get; }

    /// <summary>The number of values in parameters that are trained (not frozen).</summary>
    public long TrainableParameterCount { get; }

    /// <summary>Floating-point operations of the run; a multiply-add counts as two, and only products (linear, convolution, attention, recurrent) are counted.</summary>
    public long Flops { get; }

    /// <summary>Listens while <paramref name="run"/> calls the module, in evaluation mode and without gradients.</summary>
    /// <param name="module">The module to describe.</param>
    /// <param name="run">Calls it: <c>() => translator.Forward(source, target)</c>.</param>
    public static ModelSummary Of(Module module, Action run)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(run);
        Dictionary<Module, (Shape Output, long Flops)> calls = new(ReferenceEqualityComparer.Instance);
        using (InferenceScope inference = InferenceScope.Begin())
        using (TensorScope scope = TensorScope.Begin())
        using (ForwardTrace.Begin((m, x, y) => calls[m] = (y.Shape, calls.GetValueOrDefault(m).Flops + (2 * m.MultiplyAdds(x.Shape, y.Shape)))))
        {
            run();
        }

        HashSet<Tensor> counted = new(ReferenceEqualityComparer.Instance);
        List<SummaryRow> rows = [];
        foreach ((string path, Module part, MemberVisitor members) in new ModuleTree(module).Nodes)
        {
            long parameters = members.ParameterList.Where(p => counted.Add(p.Tensor)).Sum(static p => p.Tensor.ElementCount);
            (Shape Output, long Flops)? call = calls.TryGetValue(part, out (Shape, long) found) ? found : null;
            int depth = path.Length == 0 ? 0 : path.Count(static c => c == '.') + 1;
            rows.Add(new SummaryRow(path, ModuleText.Line(part), call?.Output, parameters, call?.Flops ?? 0, depth));
        }

        return new ModelSummary(rows, counted.Where(static p => p.RequiresGrad).Sum(static p => p.ElementCount));
    }

    /// <summary>The table as text, numbers with separators, one line a module.</summary>
    public override string ToString()
    {
        string[][] cells =
        [
            ["layer", "output", "parameters", "FLOPs"],
            .. Rows.Select(static r => (string[])
            [
                $"{new string(' ', 2 * r.Depth)}{(r.Name.Length == 0 ? string.Empty : r.Name[(r.Name.LastIndexOf('.') + 1)..] + ": ")}{r.Description}",
                r.OutputShape?.ToString() ?? "–",
                Number(r.Parameters),
                Number(r.Flops),
            ]),
        ];
        int[] widths = [.. Enumerable.Range(0, 4).Select(c => cells.Max(row => row[c].Length))];
        string rule = new('─', widths.Sum() + 6);
        StringBuilder text = new();
        for (int i = 0; i < cells.Length; i++)
        {
            string[] row = cells[i];
            text.Append(CultureInfo.InvariantCulture, $"{row[0].PadRight(widths[0])}  {row[1].PadRight(widths[1])}  {row[2].PadLeft(widths[2])}  {row[3].PadLeft(widths[3])}\n");
            text.Append(i == 0 ? rule + "\n" : string.Empty);
        }

        text.Append(rule).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"parameters {ParameterCount:N0}, trained {TrainableParameterCount:N0}; FLOPs {Flops:N0} (a multiply-add is two)\n");
        return text.ToString();
    }

    private static string Number(long value) => value == 0 ? "–" : value.ToString("N0", CultureInfo.InvariantCulture);
}
