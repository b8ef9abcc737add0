using System.Numerics.Tensors;

namespace Engine;

// Probabilities as targets and as predictions.
public sealed partial class Tensor
{

}

/// <summary>Losses of probabilities.</summary>
internal static class ProbabilityLossOps
{
    // −q·ln p, and 0 where a class is neither asked for nor possible: there the product would be 0·∞.
    public static readonly MapProgram CrossTerm = Programs.Binary(static (logs, q) =>
        Expr.Where(Expr.And(Expr.Equal(q, 0), logs < -1e30), 0, -(q * logs)));

    /// <summary>−Σ q·w·log softmax(z) over the classes, with q = (1 − s)·target + s/C.</summary>
    public static Tensor CrossEntropyOfProbabilities(this Tensor x, Tensor target, Tensor? classWeights, double labelSmoothing, long ignoreIndex, Reduction reduction)
    {
        const string Op = nameof(Tensor.CrossEntropy);
        if (ignoreIndex >= 0)
        {
            throw new ArgumentException($"{Op}: ignoreIndex {ignoreIndex} names a class number, the targets are probabilities. Give samples that shall not count a target of zeros.", nameof(ignoreIndex));
        }

        int axis = x.Rank == 1 ? 0 : 1, classes = x.Shape[axis];
        Tensor z = Autocast.Widen(x), logs = z.LogSoftmax(axis);
        LossOps.CheckClassWeights(Op, z.DType, classes, classWeights);
        Tensor q = labelSmoothing == 0 ? target : (target * (1 - labelSmoothing)) + (labelSmoothing / classes);
        DType type = Autocast.Wide(TypePromotion.Promote(z.DType, target.DType));
        Tensor products = Pointwise.Apply(Op, CrossTerm, [logs, q], computeAs: type);
        if (classWeights is not null)
        {
            Span<int> along = stackalloc int[x.Rank];
            along.Fill(1);
            along[axis] = classes;
            products *= classWeights.Reshape(along);
        }

        return reduction switch
        {
            Reduction.None => products.Sum(axis),
            Reduction.Mean => products.Sum() / (classes == 0 ? 0 : x.ElementCount / classes),
            Reduction.Sum => products.Sum(),
            _ => products.Sum(axis).Reduced(reduction),
        };
    }

    /// <summary>Refuses numbers outside of [0, 1] where reading them needs no wait for the device.</summary>
    public static void CheckProbabilities(this Tensor x, string op)
    {
        if (x.Device is not HostDevice || x.ElementCount == 0 || !x.DType.IsFloatingPoint() || CapturePass.RecordingOn(x.Device) is not null)
        {
            return;
        }

        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor wide = (x.DType.IsHalf() ? x.To(DType.Float32) : x).ContiguousOrSelf();
        (double least, double most) = wide.DType == DType.Float64 ? Range<double>(wide) : Range<float>(wide);
        if (!(least >= 0 && most <= 1))
        {
            throw new ArgumentOutOfRangeException(
                "this", $"{op}: probabilities must lie in [0, 1]; x goes from {least:G9} to {most:G9}. For logits use {nameof(Tensor.BceWithLogits)}, or Sigmoid() first.");
        }

        // A NaN becomes both the least and the most.
        static (double Least, double Most) Range<T>(Tensor x)
            where T : unmanaged, System.Numerics.INumber<T> =>
            x.HostValues<T>().Read(static values => (double.CreateChecked(TensorPrimitives.Min(values)), double.CreateChecked(TensorPrimitives.Max(values))));
    }
}
