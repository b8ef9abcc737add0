namespace Engine.Perf;

/// <summary>Normalisation, pooling and the loss.</summary>
internal static class LayerWorkloads
{
    public static IEnumerable<Workload> All()
    {
        foreach ((int n, int c, int h) in ((int, int, int)[])[(64, 64, 28), (64, 16, 32), (16, 512, 7)])
        {
            long elements = (long)n * c * h * h;
            string shape = $"{n}x{c}x{h}x{h}";
            yield return new Workload($"batchnorm_train_fwd/{shape}", () => BatchNorm(n, c, h, relu: false), 0, 4 * elements * 2);
            yield return new Workload($"batchnorm_relu_train_fwd/{shape}", () => BatchNorm(n, c, h, relu: true), 0, 4 * elements * 2);
            yield return new Workload($"batchnorm_train_bwd/{shape}", () => BatchNormBackward(n, c, h), 0, 4 * elements * 3);
        }

        yield return new Workload("maxpool2x2_fwd/64x64x28x28", MaxPool, 0, 4L * 64 * 64 * 28 * 28 * 5 / 4);
        foreach ((int b, int c) in ((int, int)[])[(128, 10), (128, 1000), (4096, 1000)])
        {
            yield return new Workload($"softmax_xent_fwd_bwd/{b}x{c}", () => CrossEntropy(b, c), 0, 4L * b * c * 2);
        }
    }

    private static Action BatchNorm(int n, int c, int h, bool relu)
    {
        Tensor x = Data.Randn(n, c, h, h);
        (Tensor weight, Tensor bias, Tensor mean, Tensor variance) = Parameters(c);
        return Data.Scoped(() => x.BatchNorm(weight, bias, mean, variance, relu: relu));
    }

    private static Action BatchNormBackward(int n, int c, int h)
    {
        Tensor x = Data.Randn(n, c, h, h).WithGrad();
        (Tensor weight, Tensor bias, Tensor mean, Tensor variance) = Parameters(c);
        return Data.Backward(x.BatchNorm(weight, bias, mean, variance), x, weight, bias);
    }

    private static (Tensor Weight, Tensor Bias, Tensor Mean, Tensor Variance) Parameters(int c) =>
        (Tensor.Ones([c]).WithGrad(), Tensor.Zeros([c]).WithGrad(), Tensor.Zeros([c]), Tensor.Ones([c]));

    private static Action MaxPool()
    {
        Tensor x = Data.Randn(64, 64, 28, 28);
        return Data.Scoped(() => x.MaxPool2d(2));
    }

    private static Action CrossEntropy(int b, int c)
    {
        Tensor x = Data.Randn(b, c).WithGrad(), target = Data.Labels(b, c);
        return () =>
        {
            using TensorScope scope = TensorScope.Begin();
            x.ClearGrad();
            x.CrossEntropy(target).Backward();
        };
    }
}
