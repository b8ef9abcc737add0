using System.Numerics.Tensors;

namespace Engine;

// Probabilities as targets and as predictions.
public sealed partial class Tensor
{
    // −q·ln p, and 0 where a class is neither asked for nor possible: there the product would be 0·∞.
    private static readonly MapProgram s_crossTerm = Programs.Binary(static (logs, q) =>
        Expr.Where(Expr.And(Expr.Equal(q, 0), logs < -1e30), 0, -(q * logs)));

    /// <summary>−Σ q·w·log softmax(z) over the classes, with q = (1 − s)·target + s/C.</summary>
    private Tensor CrossEntropyOfProbabilities(Tensor target, Tensor? classWeights, double labelSmoothing, long ignoreIndex, Reduction reduction)
    {
        const string Op = nameof(CrossEntropy);
        if (ignoreIndex >= 0)
        {
            throw new ArgumentException($"{Op}: ignoreIndex {ignoreIndex} names a class number, the targets are probabilities. Give samples that shall not count a target of zeros.", nameof(ignoreIndex));
        }

        int axis = Rank == 1 ? 0 : 1, classes = Shape[axis];
        Tensor z = Autocast.Widen(this), logs = z.LogSoftmax(axis);
        CheckClassWeights(Op, z.DType, classes, classWeights);
        Tensor q = labelSmoothing == 0 ? target : (target * (1 - labelSmoothing)) + (labelSmoothing / classes);
        DType type = Autocast.Wide(TypePromotion.Promote(z.DType, target.DType));
        Tensor products = Pointwise.Apply(Op, s_crossTerm, [logs, q], computeAs: type);
        if (classWeights is not null)
        {
            Span<int> along = stackalloc int[Rank];
            along.Fill(1);
            along[axis] = classes;
            products *= classWeights.Reshape(along);
        }

        return reduction switch
        {
            Reduction.None => products.Sum(axis),
            Reduction.Mean => products.Sum() / (classes == 0 ? 0 : ElementCount / classes),
            Reduction.Sum => products.Sum(),
            _ => products.Sum(axis).Reduced(reduction),
        };
    }

    /// <summary>Refuses what is no probability, where looking costs no wait.</summary>
    private void CheckProbabilities(string op)
    {
        if (Device is not HostDevice || ElementCount == 0 || !DType.IsFloatingPoint() || CapturePass.RecordingOn(Device) is not null)
        {
            return;
        }

        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor wide = (DType.IsHalf() ? To(DType.Float32) : this).ContiguousOrSelf();
        (double least, double most) = wide.DType == DType.Float64 ? Range<double>(wide) : Range<float>(wide);
        if (!(least >= 0 && most <= 1))
        {
            throw new ArgumentOutOfRangeException(
                "this", $"{op}: probabilities must lie in [0, 1]; x goes from {least:G9} to {most:G9}. For logits use {nameof(BceWithLogits)}, or Sigmoid() first.");
        }

        // A NaN becomes both the least and the most.
        static (double Least, double Most) Range<T>(Tensor x)
            where T : unmanaged, System.Numerics.INumber<T> =>
            x.HostValues<T>().Read(static values => (double.CreateChecked(TensorPrimitives.Min(values)), double.CreateChecked(TensorPrimitives.Max(values))));
    }
}
