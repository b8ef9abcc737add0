namespace Engine.Gpu;

/// <summary>Attention: one launch forward; backward one for Σ O·dO, one for dQ, and one for dK and dV.</summary>
internal partial class GpuBackend
{
    /// <summary>Most columns of a head that the kernels take.</summary>
    private const int MostAttentionColumns = 256;

    // Registers for the addresses of a mask, and for the comparisons of places.
    private const int SpareOfMask = 24, SpareOfEdge = 12;

    /// <inheritdoc/>
    protected override bool FusesAttentionCore(in Operand query, in Operand key, in Operand value, in Operand? mask)
    {
        DType type = query.DType;
        (int depth, int width) = (query.Shape[3], value.Shape[3]);
        bool fits = type.ComputeType() == DType.Float32 && key.DType == type && value.DType == type
            && (mask is not { } given || given.DType == DType.Bool || (given.DType.IsFloatingPoint() && given.DType != DType.Float64))
            && Math.Max(depth, width) <= MostAttentionColumns
            && (long)query.Shape[0] * query.Shape[1] * Math.Max(query.Shape[2], key.Shape[2]) <= MaxItems;
        return fits && AttentionTileOf(AttentionPass.Forward, type, depth, width, 0) is not null
            && AttentionTileOf(AttentionPass.GradQuery, type, depth, width, 0) is not null && AttentionTileOf(AttentionPass.GradKeyValue, type, depth, width, 0) is not null;
    }

    protected override void AttentionForwardCore(in AttentionForwardArgs args)
    {
        if (!FusesAttention(args.Query, args.Key, args.Value, args.Mask) || args.LogSumExp.DType != DType.Float32)
        {
            base.AttentionForwardCore(args);
            return;
        }

        LaunchAttention(AttentionPass.Forward, args.Query, args.Key, args.Value, [args.Output], args.LogSumExp, null, args.Mask, args.Causal, args.Scale);
    }

    protected override void AttentionBackwardCore(in AttentionBackwardArgs args)
    {
        if (!FusesAttention(args.Query, args.Key, args.Value, args.Mask) || args.LogSumExp.DType != DType.Float32)
        {
            base.AttentionBackwardCore(args);
            return;
        }

        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor output = args.Output.ToTensor(), delta = Tensor.Empty([output.Shape[0], output.Shape[1], output.Shape[2], 1], DType.Float32, _device);
        Reductions.Into(s_dot, default(AxisSet).With(3), [output, args.GradOutput.ToTensor()], [delta], []);
        if (args.GradQuery is { } gradQuery)
        {
            LaunchAttention(AttentionPass.GradQuery, args.Query, args.Key, args.Value, [args.GradOutput, gradQuery], args.LogSumExp, delta.Operand, args.Mask, args.Causal, args.Scale);
        }

        if (args.GradKey is not null || args.GradValue is not null)
        {
            // They share the weights; who wants one of them alone has the other in memory of the pool.
            Operand gradKey = args.GradKey ?? Tensor.Empty(args.Key.Shape, args.Key.DType, _device).Operand;
            Operand gradValue = args.GradValue ?? Tensor.Empty(args.Value.Shape, args.Value.DType, _device).Operand;
            LaunchAttention(
                AttentionPass.GradKeyValue, args.Query, args.Key, args.Value, [args.GradOutput, gradKey, gradValue], args.LogSumExp, delta.Operand, args.Mask, args.Causal, args.Scale);
        }
    }

    private static readonly ReduceProgram s_dot = ReduceProgram.Create(
        MapProgram.Compile(2, Expr.Input(0) * Expr.Input(1)), [Combiner.Sum], MapProgram.Compile(1, Expr.Input(0)));

    private AttentionTile? AttentionTileOf(AttentionPass pass, DType type, int depth, int width, int spare) =>
        AttentionTile.Choose(Target, pass, TileMaths.Choose(Target, _device.MathMode.ForProducts(), type, type, DType.Float32), depth, width, spare);

    /// <summary>Launches a kernel; <paramref name="more"/> are the operands behind Q, K and V.</summary>
    private void LaunchAttention(
        AttentionPass pass, in Operand query, in Operand key, in Operand value, ReadOnlySpan<Operand> more, in Operand lse, Operand? delta, Operand? mask, bool causal, double scale)
    {
        Operand[] operands = [query, key, value, .. more];
        (int depth, int width) = (query.Shape[3], value.Shape[3]);
        (int rows, int others) = pass == AttentionPass.GradKeyValue ? (key.Shape[2], query.Shape[2]) : (query.Shape[2], key.Shape[2]);
        int spare = mask is not null ? SpareOfMask : causal || others % 64 != 0 ? SpareOfEdge : 0;
        AttentionTile tile = AttentionTileOf(pass, query.DType, depth, width, spare)!.Value;
        int run = VectorAlignment.VectorBytes / query.DType.SizeInBytes();
        bool isAligned = true, is64Bit = StridesParameter.Is64Bit(mask);
        foreach (Operand operand in operands)
        {
            isAligned &= AttentionOperand.IsAligned(run, operand);
            is64Bit |= StridesParameter.Is64Bit(operand);
        }

        bool isWhole = !causal && others % tile.Columns == 0;
        AttentionKernel kernel = new(pass, query.DType, mask?.DType, causal, depth, width, isWhole, isAligned, is64Bit, tile);
        ArgumentList arguments = new(stackalloc KernelArgument[72]);
        AttentionParameters.Bind(ref arguments, kernel, operands, lse, delta, mask, scale, rows);
        Launch(kernel, kernel.Grid(rows, query.Shape[0], query.Shape[1]), arguments.Span);
    }
}
