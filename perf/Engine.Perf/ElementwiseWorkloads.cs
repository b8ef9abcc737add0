namespace Engine.Perf;

/// <summary>Work that is limited by memory: pointwise programs, sums, a transposed copy.</summary>
internal static class ElementwiseWorkloads
{
    private const int Elements = 1 << 22;

    private static readonly MapProgram s_exp = MapProgram.Compile(1, Expr.Exp(Expr.Input(0)));
    private static readonly MapProgram s_tanh = MapProgram.Compile(1, Expr.Tanh(Expr.Input(0)));
    private static readonly FusedMap s_geluBias = Fuse.Map((x, b, s) => Expr.Gelu(x + b) * s);

    public static IEnumerable<Workload> All()
    {
        yield return new Workload(LimitRows.Copy, Copy, 0, 8L * Elements);
        yield return new Workload("add/4M", () => Into(Programs.Add, 2), 0, 12L * Elements);
        yield return new Workload("exp/4M", () => Into(s_exp, 1), 0, 8L * Elements);
        yield return new Workload("tanh/4M", () => Into(s_tanh, 1), 0, 8L * Elements);
        yield return new Workload("chain_gelu_bias/1024x4096", Chain, 0, 8L * Elements);
        yield return new Workload("sum_all/4M", () => Sum(Data.Randn(Elements), []), 0, 4L * Elements);
        yield return new Workload("sum_axis0/2048x2048", () => Sum(Data.Randn(2048, 2048), [0]), 0, 4L * Elements);
        yield return new Workload("transpose_copy/2048x2048", Transpose, 0, 8L * Elements);
    }

    private static Action Copy()
    {
        Tensor y = Tensor.Empty([Elements]), x = Data.Randn(Elements);
        return () => y.CopyFrom(x);
    }

    private static Action Into(MapProgram program, int inputs)
    {
        Tensor y = Tensor.Empty([Elements]);
        Tensor[] xs = [.. Enumerable.Range(0, inputs).Select(static _ => Data.Randn(Elements))];
        return () => Pointwise.Into(y, program, xs);
    }

    private static Action Chain()
    {
        Tensor x = Data.Randn(1024, 4096), b = Data.Randn(4096), s = Data.Randn(4096);
        return Data.Scoped(() => s_geluBias.Apply(x, b, s));
    }

    private static Action Sum(Tensor x, int[] axes) => Data.Scoped(() => x.Sum(axes));

    private static Action Transpose()
    {
        Tensor x = Data.Randn(2048, 2048);
        return Data.Scoped(() => x.T.Contiguous());
    }
}
