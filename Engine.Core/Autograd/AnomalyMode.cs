using static Engine.Expr;

namespace Engine;

/// <summary>Looks at every recorded result and every gradient while an <see cref="Autograd.DetectAnomaly"/> is in force on this thread.</summary>
internal static class AnomalyMode
{
    private static readonly ReduceProgram s_count = ReduceProgram.Create(
        MapProgram.Compile(1, Where(IsNaN(Input(0)), 1, 0), Where(Equal(Abs(Input(0)), double.PositiveInfinity), 1, 0)),
        [Combiner.Sum, Combiner.Sum],
        MapProgram.Compile(2, Input(0), Input(1)));

    private static volatile int s_scopes;

    [ThreadStatic]
    private static int t_depth;

    [ThreadStatic]
    private static bool t_infinities;

    // A step with an input that was not finite before, and the text that reports it.
    [ThreadStatic]
    private static (GradNode Node, int Index, string Text)? t_input;

    [ThreadStatic]
    private static int t_passes;

    public static bool IsOn => s_scopes != 0 && t_depth > 0;

    public static bool Begin(bool infinities)
    {
        bool before = t_infinities;
        Interlocked.Increment(ref s_scopes);
        CallTracking.Begin();
        t_depth++;
        t_infinities = infinities;
        return before;
    }

    public static void End(bool before)
    {
        t_infinities = before;
        t_input = null;
        t_depth--;
        CallTracking.End();
        Interlocked.Decrement(ref s_scopes);
    }

    /// <summary>A backward pass names its steps itself, those that it records included.</summary>
    public static void EnterPass() => t_passes++;

    public static void LeavePass() => t_passes--;

    /// <summary>Remembers an input that is not finite although no step made it: data, a constant or a parameter.</summary>
    public static void LookAtInputs(GradNode node, ReadOnlySpan<Tensor?> inputs)
    {
        t_input = null;
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i] is { } input && input.History is null or LeafNode && Count(input) is { } found)
            {
                string name = input.Name is { } given ? $"'{given}' " : string.Empty;
                string kind = input.History is null ? "no step of the graph made it: data or a constant" : "a leaf, such as a parameter";
                t_input = (node, i, $"input {i}, {name}{input.DType.ShortName()} {input.Shape}, has {found} already ({kind})");
                return;
            }
        }
    }

    /// <summary>Throws if a result that has just been computed is not finite.</summary>
    public static void CheckResult(Tensor result, GradNode node)
    {
        if (t_passes == 0 && Count(result) is { } found)
        {
            string cause = t_input is { } input && input.Node == node ? $"Its {input.Text}." : "Its inputs are finite; it is the first.";
            throw new AnomalyException(
                $"DetectAnomaly: the forward pass of {Describe(node)} gave {found} in its result, {result.DType.ShortName()} {result.Shape}. {cause}",
                node.Name, node.Frame?.Describe(), isBackward: false);
        }
    }

    /// <summary>Throws if a gradient that a step has just computed is not finite.</summary>
    public static void CheckGradient(GradNode? node, int index, Tensor gradient)
    {
        if (Count(gradient) is not { } found)
        {
            return;
        }

        throw node is null
            ? new AnomalyException($"DetectAnomaly: the gradient with which the backward pass begins, {gradient.DType.ShortName()} {gradient.Shape}, has {found}.", "Backward", null, isBackward: true)
            : new AnomalyException(
                $"DetectAnomaly: the backward pass of {Describe(node)}, whose result is {node.OutputShape}, gave {found} in the gradient of input {index}, {gradient.DType.ShortName()} {gradient.Shape}. The gradient that it was given is finite; it is the first.",
                node.Name, node.Frame?.Describe(), isBackward: true);
    }

    private static string Describe(GradNode node) => node.Frame is { } frame ? $"{node.Name} in module {frame.Describe()}" : node.Name;

    /// <summary>"3 NaN among 12 values"; null where all is well.</summary>
    private static string? Count(Tensor tensor)
    {
        if (!tensor.DType.IsFloatingPoint() || tensor.ElementCount == 0)
        {
            return null;
        }

        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        DType type = tensor.DType.ComputeType();
        Tensor nans = Tensor.Allocate(Shape.Scalar, type, tensor.Device), infinities = nans.EmptyLike();
        Reductions.Into(s_count, AxisSet.All(tensor.Rank), [tensor.Detach()], [nans, infinities], []);
        (double n, double i) = (nans.Item(), t_infinities ? infinities.Item() : 0);
        return n == 0 && i == 0 ? null : $"{(n > 0 ? $"{n} NaN" : string.Empty)}{(n > 0 && i > 0 ? " and " : string.Empty)}{(i > 0 ? $"{i} infinite values" : string.Empty)} among {tensor.ElementCount}";
    }
}
