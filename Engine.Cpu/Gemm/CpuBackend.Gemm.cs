using System.Numerics;

namespace Engine.Cpu;

/// <summary>Matrix products.</summary>
internal sealed unsafe partial class CpuBackend
{
    protected override void GemmCore(in GemmArgs args)
    {
        DType type = MultipliedAs(args);
        if (type != args.C.DType)
        {
            MultiplyAs(this, type, args);
            return;
        }

        switch (type)
        {
            case DType.Float32:
                Multiply<float>(args, Cpu.Gemm.Run);
                break;
            case DType.Float64:
                Multiply<double>(args, Cpu.Gemm.Run);
                break;
            case DType.Int32:
                Multiply<int>(args, static (in problem, batch, _, pool) => IntegerGemm.Run(problem, batch, pool));
                break;
            default:
                Multiply<long>(args, static (in problem, batch, _, pool) => IntegerGemm.Run(problem, batch, pool));
                break;
        }
    }

    /// <summary>The type whose kernel multiplies operands of another one.</summary>
    private static DType MultipliedAs(in GemmArgs args)
    {
        bool isInteger = double.IsInteger(args.Alpha) && double.IsInteger(args.Beta);
        return args.C.DType switch
        {
            DType.Float32 or DType.Float16 or DType.BFloat16 => DType.Float32,
            DType.Int32 or DType.UInt8 when isInteger => DType.Int32,

            // As a truth value a sum is true unless it is 0, so it must not wrap around to 0.
            DType.Int64 or DType.Bool when isInteger => DType.Int64,
            _ => DType.Float64,
        };
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
    private static void MultiplyAs(Backend backend, DType dtype, in GemmArgs args)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor a = Converted(args.A, dtype), b = Converted(args.B, dtype), target = args.C.ToTensor();
        Tensor c = args.Beta != 0 ? Converted(args.C, dtype) : Tensor.Empty(args.C.Shape, dtype, target.Device);
        backend.Gemm(new GemmArgs
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
