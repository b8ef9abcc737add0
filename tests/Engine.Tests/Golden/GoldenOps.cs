namespace Engine.Tests.Golden;

/// <summary>A case on a device: its attributes and its inputs, those with gradients marked.</summary>
internal sealed record GoldenInputs(GoldenCase Case, Dictionary<string, Tensor> Tensors, Device Device, DType Floating)
{
    public Tensor this[string name] => Tensors[name];

    public Tensor? Find(string name) => Tensors.GetValueOrDefault(name);

    /// <summary>Lets a module's parameter stand for the input that was loaded into it: its gradient is the one to compare.</summary>
    public void Replace(string name, Tensor parameter) => Tensors[name] = parameter;
}

/// <summary>Computes a case's outputs by name.</summary>
internal delegate Dictionary<string, Tensor> GoldenOp(GoldenInputs inputs);

/// <summary>How each op of the golden cases is computed here; one file per family.</summary>
internal static partial class GoldenOps
{
    private static readonly Dictionary<string, GoldenOp> s_ops = new[]
    {
        Elementwise(), Reductions(), Products(), Normalizations(), Shapes(), Losses(), Modules(), Training(),
    }.SelectMany(family => family).ToDictionary();

    private static readonly HashSet<string> s_ilgpu = [.. Products().Concat(Normalizations()).Concat(Modules()).Concat(Training()).Select(static op => op.Key)];

    /// <summary>Whether an op is of a family of which the set of ILGPU's kernels has kernels.</summary>
    public static bool HasIlgpuKernels(string op) => s_ilgpu.Contains(op);

    public static bool IsKnown(string op) => s_ops.ContainsKey(op);

    public static Dictionary<string, Tensor> Run(GoldenInputs inputs) => s_ops[inputs.Case.Op](inputs);

    /// <summary>An op with one output, which the cases call 0.</summary>
    private static GoldenOp One(Func<GoldenInputs, Tensor> op) => inputs => new() { ["0"] = op(inputs) };
}
