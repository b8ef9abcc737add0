using System.Numerics;

namespace Engine.Cpu;

/// <summary>Matrix products.</summary>
internal sealed unsafe partial class CpuBackend
{
    protected override void GemmCore(in GemmArgs args)
    {
        switch (args.C.DType)
        {
            case DType.Float32:
                Multiply<float>(args, Cpu.Gemm.Run);
                break;
            case DType.Float64:
                Multiply<double>(args, Cpu.Gemm.Run);
                break;
            case DType.Float16 or DType.BFloat16:
                MultiplyAs(DType.Float32, args);
                break;
            case DType.Int32 or DType.Int64 when double.IsInteger(args.Alpha) && double.IsInteger(args.Beta):
                if (args.C.DType == DType.Int32)
                {
                    Multiply<int>(args, static (in problem, batch, _, pool) => IntegerGemm.Run(problem, batch, pool));
                }
                else
                {
                    Multiply<long>(args, static (in problem, batch, _, pool) => IntegerGemm.Run(problem, batch, pool));
                }

                break;
            case DType.UInt8 or DType.Bool when double.IsInteger(args.Alpha) && double.IsInteger(args.Beta):
                // As a truth value a sum is true unless it is 0, so it must not wrap around to 0.
                MultiplyAs(args.C.DType == DType.Bool ? DType.Int64 : DType.Int32, args);
                break;
            default:
                MultiplyAs(DType.Float64, args);
                break;
        }
    }

    private delegate void BatchedProduct<T>(in GemmProblem<T> problem, ReadOnlySpan<GemmOffsets> batch, SimdLevel level, WorkerPool pool)
        where T : unmanaged, INumberBase<T>;

    private void Multiply<T>(in GemmArgs args, BatchedProduct<T> run) where T : unmanaged, INumberBase<T>
    {
        GemmProblem<T> problem = GemmOperands.Problem<T>(args);
        Operand? remaining = args.Bias is { } bias && !GemmOperands.TryFuseBias(bias, ref problem) ? bias : null;
        problem.Relu = remaining is null && args.Activation is not null && args.Activation.Equals(Programs.Relu);
        run(problem, GemmOperands.Offsets(args), _level, _pool);
        if (remaining is { } added)
        {
            Finish(args, Programs.Add, [args.C, added]);
        }

        if (args.Activation is not null && !problem.Relu)
        {
            Finish(args, args.Activation, [args.C]);
        }
    }

    private void Finish(in GemmArgs args, MapProgram program, ReadOnlySpan<Operand> inputs) => Map(new MapArgs
    {
        Program = program,
        ComputeType = args.C.DType.ComputeType(),
        Shape = args.C.Shape,
        Inputs = inputs,
        Outputs = [args.C],
        Parameters = [],
    });

    /// <summary>Converts to a type that has a kernel, multiplies, and converts back.</summary>
    private void MultiplyAs(DType dtype, in GemmArgs args)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor a = Converted(args.A, dtype), b = Converted(args.B, dtype), target = args.C.ToTensor();
        Tensor c = args.Beta != 0 ? Converted(args.C, dtype) : Tensor.Empty(args.C.Shape, dtype, target.Device);
        Gemm(new GemmArgs
        {
            A = a.Operand,
            B = b.Operand,
            C = c.Operand,
            Alpha = args.Alpha,
            Beta = args.Beta,
            Bias = args.Bias is { } bias ? Converted(bias, dtype).Operand : null,
            Activation = args.Activation,
        });
        target.CopyFrom(c);
    }

    private static Tensor Converted(in Operand operand, DType dtype)
    {
        Tensor tensor = operand.ToTensor();
        return tensor.DType == dtype ? tensor : tensor.To(dtype);
    }
}
