namespace Engine.Perf;

/// <summary>Inputs of the workloads: normal numbers, never zeros.</summary>
internal static class Data
{
    private static readonly Generator s_generator = new(0);

    public static Tensor Randn(params ReadOnlySpan<int> shape) => Tensor.Randn(new Shape(shape), generator: s_generator);

    public static Tensor Labels(int count, int classes) => Tensor.RandInt([count], 0, classes, s_generator);

    /// <summary>A call whose temporaries are returned at its end.</summary>
    public static Action Scoped(Func<Tensor> call) => () =>
    {
        using TensorScope scope = TensorScope.Begin();
        call();
    };

    /// <summary>The loss of random logits, and its gradient.</summary>
    public static Action CrossEntropy(TableRow row)
    {
        Tensor x = Randn(row.Rows, row.Columns).WithGrad(), target = Labels(row.Rows, row.Columns);
        return () =>
        {
            using TensorScope scope = TensorScope.Begin();
            x.ClearGrad();
            x.CrossEntropy(target).Backward();
        };
    }

    /// <summary>The gradients of y to some inputs, again and again over one graph.</summary>
    public static Action Backward(Tensor y, params Tensor[] inputs)
    {
        Tensor dy = Tensor.Randn(y.Shape, generator: s_generator);
        dy = y.IsContiguous ? dy : dy.Contiguous(MemoryFormat.ChannelsLast);
        return () =>
        {
            using TensorScope scope = TensorScope.Begin();
            Autograd.Grad([y], inputs, [dy], retainGraph: true);
        };
    }
}
