namespace Engine.Cpu;

/// <summary>Attention without the weights in memory: in float32, with no mask, a bool one or one of float32.</summary>
internal sealed unsafe partial class CpuBackend
{
    protected override bool FusesAttentionCore(in Operand query, in Operand key, in Operand value, in Operand? mask) =>
        query.DType == DType.Float32 && key.DType == DType.Float32 && value.DType == DType.Float32 && mask?.DType is null or DType.Bool or DType.Float32;

    protected override void AttentionForwardCore(in AttentionForwardArgs args)
    {
        if (!FusesAttention(args.Query, args.Key, args.Value, args.Mask))
        {
            base.AttentionForwardCore(args);
            return;
        }

        AttentionProblem problem = AttentionProblem.Of(args.Query, args.Key, args.Value, args.Mask, args.Causal, args.Scale, args.LogSumExp);
        AttentionForwardKernel kernel = new(problem, new HeadMatrix(args.Output), _pool);
        SimdDispatch.Run<float, AttentionForwardKernel>(_level, ref kernel);
    }

    protected override void AttentionBackwardCore(in AttentionBackwardArgs args)
    {
        if (!FusesAttention(args.Query, args.Key, args.Value, args.Mask))
        {
            base.AttentionBackwardCore(args);
            return;
        }

        AttentionProblem problem = AttentionProblem.Of(args.Query, args.Key, args.Value, args.Mask, args.Causal, args.Scale, args.LogSumExp);
        AttentionGradients gradients = new()
        {
            Output = new HeadMatrix(args.Output),
            GradOutput = new HeadMatrix(args.GradOutput),
            Query = new HeadMatrix(args.GradQuery),
            Key = new HeadMatrix(args.GradKey),
            Value = new HeadMatrix(args.GradValue),
        };
        AttentionBackwardKernel kernel = new(problem, gradients, _pool);
        SimdDispatch.Run<float, AttentionBackwardKernel>(_level, ref kernel);
    }
}
