namespace Engine.Gpu;

/// <summary>Plans of convolutions by tiles, measured where that is wanted.</summary>
internal partial class GpuBackend
{
    private GemmPlan? PlanFor(in PlanKey key, in Correlation c, DType compute)
    {
        if (_device.Tuner.Wants(key))
        {
            Tune(key, c, compute);
        }

        return PlanFor(key);
    }

    private GemmPlan? PlanFor(in PlanKey key, in Correlation c, in Epilogue epilogue, double beta, DType compute)
    {
        if (_device.Tuner.Wants(key))
        {
            TuneWeights(key, c, epilogue, beta, compute);
        }

        return PlanFor(key);
    }

    private void Tune(in PlanKey key, Correlation c, DType compute)
    {
        using IDisposable? alone = IndependentLaunches.Pause();
        using TensorScope scope = TensorScope.Begin();
        if (Scratch(c.Out) is { } scratch)
        {
            c = c with { Out = scratch };
            _device.Tuner.Measure(key, Target, plan => CorrelateByTiles(c, plan, compute));
        }
    }

    private void TuneWeights(in PlanKey key, Correlation c, Epilogue epilogue, double beta, DType compute)
    {
        using IDisposable? alone = IndependentLaunches.Pause();
        using TensorScope scope = TensorScope.Begin();
        if (Scratch(c.Weight) is { } scratch)
        {
            c = c with { Weight = scratch };
            _device.Tuner.Measure(key, Target, plan => CorrelateWeightsByTiles(c, plan, epilogue, beta, compute));
        }
    }
}
