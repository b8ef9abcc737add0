using NUnit.Framework;

namespace Engine.Tests.OpCases;

/// <summary>All rows; one file per family.</summary>
internal static partial class OpTable
{
    private static readonly HashSet<string> s_ilgpu = [.. Products().Concat(Convolutions()).Concat(Normalizations()).Select(static row => row.Name)];

    public static IReadOnlyList<OpCase> All { get; } =
    [
        .. Unary(), .. Binary(), .. Reductions(), .. Products(), .. Convolutions(), .. Windows(), .. Normalizations(), .. Losses(), .. Views(), .. Joining(), .. Indexing(), .. Selection(), .. Overloads(), .. LinearSystems(), .. Factorizations(), .. Mathematics(), .. Bits(),
    ];

    public static IEnumerable<TestCaseData> Rows => All.Select(Data);

    public static IEnumerable<TestCaseData> DifferentiableRows => All.Where(row => row.Differentiable).Select(Data);

    public static IEnumerable<TestCaseData> TwiceDifferentiableRows => All.Where(row => row.TwiceDifferentiable).Select(Data);

    /// <summary>Whether a row is of a family of which the set of ILGPU's kernels has kernels.</summary>
    public static bool HasIlgpuKernels(OpCase row) => s_ilgpu.Contains(row.Name);

    private static TestCaseData Data(OpCase row) => new TestCaseData(row).SetArgDisplayNames(row.Name);

    private static OpCase On(string name, double low, double high, Func<Tensor, Tensor> run) =>
        new(name, n => [new OpInput([n], low, high)], x => run(x[0]));
}
