namespace Engine.Perf;

/// <summary>Normalisation, pooling and the loss.</summary>
internal static class LayerWorkloads
{
    public static IEnumerable<Workload> All()
    {
        foreach (ImageRow row in ImageRow.All)
        {
            yield return new Workload($"batchnorm_train_fwd/{row.Name}", () => BatchNorm(row, relu: false), 0, 2 * row.Bytes);
            yield return new Workload($"batchnorm_relu_train_fwd/{row.Name}", () => BatchNorm(row, relu: true), 0, 2 * row.Bytes);
            yield return new Workload($"batchnorm_train_bwd/{row.Name}", () => BatchNormBackward(row), 0, 3 * row.Bytes);
        }

        yield return new Workload("maxpool2x2_fwd/64x64x28x28", MaxPool, 0, 4L * 64 * 64 * 28 * 28 * 5 / 4);
        foreach (TableRow row in TableRow.Logits)
        {
            yield return new Workload($"softmax_xent_fwd_bwd/{row.Name}", () => Data.CrossEntropy(row), 0, 2 * row.Bytes);
        }
    }

    private static Action BatchNorm(ImageRow row, bool relu)
    {
        Tensor x = Images(row);
        (Tensor weight, Tensor bias, Tensor mean, Tensor variance) = Parameters(row.C);
        return Data.Scoped(() => x.BatchNorm(weight, bias, mean, variance, relu: relu));
    }

    private static Action BatchNormBackward(ImageRow row)
    {
        Tensor x = Images(row).WithGrad();
        (Tensor weight, Tensor bias, Tensor mean, Tensor variance) = Parameters(row.C);
        return Data.Backward(x.BatchNorm(weight, bias, mean, variance), x, weight, bias);
    }

    private static Tensor Images(ImageRow row) => Data.Randn(row.N, row.C, row.Side, row.Side);

    private static (Tensor Weight, Tensor Bias, Tensor Mean, Tensor Variance) Parameters(int c) =>
        (Tensor.Ones([c]).WithGrad(), Tensor.Zeros([c]).WithGrad(), Tensor.Zeros([c]), Tensor.Ones([c]));

    private static Action MaxPool()
    {
        Tensor x = Data.Randn(64, 64, 28, 28);
        return Data.Scoped(() => x.MaxPool2d(2));
    }
}
