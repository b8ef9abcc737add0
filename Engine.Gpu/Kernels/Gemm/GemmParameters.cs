namespace Engine.Gpu;

/// <summary>The parameters that all kernels of matrix products begin with.</summary>
internal sealed class GemmParameters
{
    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    public GemmParameters(KernelBuilder k, DType a, DType b, DType c, DType compute, in Epilogue epilogue, int batch, bool is64Bit)
    {
        RegisterType index = is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        (A, B, C) = (k.Buffer("a", a, readOnly: true), k.Buffer("b", b, readOnly: true), k.Buffer("c", c));
        Bias = epilogue.Bias == BiasKind.None ? null : k.Buffer("bias", epilogue.BiasType);
        (M, N, K) = (k.Size("m"), k.Size("n"), k.Size("depth"));
        (ARow, AColumn) = (k.Scalar("a_row", index), k.Scalar("a_depth", index));
        (BRow, BColumn) = (k.Scalar("b_depth", index), k.Scalar("b_column", index));
        (CRow, CColumn) = (k.Scalar("c_row", index), k.Scalar("c_column", index));
        BiasRow = Bias is null ? null : k.Scalar("bias_row", index);
        BiasColumn = Bias is null ? null : k.Scalar("bias_column", index);
        Epilogue = new EpilogueParameters(k, epilogue, compute.InRegister());
        Batch = new BatchAxes(k, batch, GemmProblem.Operands, index);
    }

    /// <summary>The factors and the result.</summary>
    public Memory A { get; }

    /// <inheritdoc cref="A"/>
    public Memory B { get; }

    /// <inheritdoc cref="A"/>
    public Memory C { get; }

    /// <summary>The bias, if there is one.</summary>
    public Memory? Bias { get; }

    /// <summary>Rows of C, columns of C, and the length of the sums.</summary>
    public Value M { get; }

    /// <inheritdoc cref="M"/>
    public Value N { get; }

    /// <inheritdoc cref="M"/>
    public Value K { get; }

    /// <summary>Strides along rows and columns of the matrices.</summary>
    public Value ARow { get; }

    /// <inheritdoc cref="ARow"/>
    public Value AColumn { get; }

    /// <inheritdoc cref="ARow"/>
    public Value BRow { get; }

    /// <inheritdoc cref="ARow"/>
    public Value BColumn { get; }

    /// <inheritdoc cref="ARow"/>
    public Value CRow { get; }

    /// <inheritdoc cref="ARow"/>
    public Value CColumn { get; }

    /// <summary>Strides of the bias, if there is one.</summary>
    public Value? BiasRow { get; }

    /// <inheritdoc cref="BiasRow"/>
    public Value? BiasColumn { get; }

    /// <summary>The operations after the sums.</summary>
    public EpilogueParameters Epilogue { get; }

    /// <summary>The batch.</summary>
    public BatchAxes Batch { get; }

    /// <summary>Adds the arguments.</summary>
    public static void Bind(ref ArgumentList arguments, in GemmProblem problem, in Epilogue epilogue, DType compute, bool is64Bit)
    {
        arguments.Add(problem.A.Operand);
        arguments.Add(problem.B.Operand);
        arguments.Add(problem.C.Operand);
        arguments.AddOptional(problem.Bias?.Operand);
        arguments.Add(problem.M);
        arguments.Add(problem.N);
        arguments.Add(problem.K);
        arguments.AddIndex(problem.A.Row, is64Bit);
        arguments.AddIndex(problem.A.Column, is64Bit);
        arguments.AddIndex(problem.B.Row, is64Bit);
        arguments.AddIndex(problem.B.Column, is64Bit);
        arguments.AddIndex(problem.C.Row, is64Bit);
        arguments.AddIndex(problem.C.Column, is64Bit);
        if (problem.Bias is { } bias)
        {
            arguments.AddIndex(bias.Row, is64Bit);
            arguments.AddIndex(bias.Column, is64Bit);
        }

        epilogue.Bind(ref arguments, compute.InRegister(), problem.Alpha, problem.Beta);
        BatchAxes.Bind(ref arguments, problem.Batch, 0, is64Bit);
    }
}
