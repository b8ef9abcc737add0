namespace Engine.Gpu;

/// <summary>Plans of products: measured ones, else those of the model.</summary>
internal partial class GpuBackend
{
    // A measurement needs a result as large as the real one.
    private const long MostScratchBytes = 1L << 30;

    private GemmPlan? PlanFor(in PlanKey key) => _device.Plans.TryFind(key, Target, out GemmPlan plan)
        ? plan
        : GemmPlan.Choose(Target, key.Compute, key.Batch, key.M, key.N, key.Depth, key.Factors, PreferredGroup);

    private GemmPlan? PlanFor(in GemmProblem problem, DType compute, TileFactors factors)
    {
        var key = PlanKey.OfProduct(problem, compute, factors);
        if (_device.Tuner.Wants(key))
        {
            Tune(key, problem, compute);
        }

        return PlanFor(key);
    }

    private void Tune(in PlanKey key, GemmProblem problem, DType compute)
    {
        using IDisposable? alone = IndependentLaunches.Pause();
        using TensorScope scope = TensorScope.Begin();
        if (Scratch(problem.C.Operand) is { } scratch)
        {
            problem.C = problem.C with { Operand = scratch };
            _device.Tuner.Measure(key, Target, plan => Multiply(problem, plan, compute));
        }
    }

    /// <summary>Other memory that lies like that of an operand; null where that would be too much.</summary>
    private Operand? Scratch(in Operand operand)
    {
        int size = operand.DType.SizeInBytes();
        long elements = (operand.Storage.Bytes + size - 1) / size;
        return elements * size > MostScratchBytes ? null : Temporary(elements, operand.DType).With(operand.Layout);
    }
}
