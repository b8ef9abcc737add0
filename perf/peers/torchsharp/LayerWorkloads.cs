using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharpPeer;

/// <summary>Normalisation, pooling and the loss.</summary>
internal sealed class LayerWorkloads(Images images)
{
    public IEnumerable<Workload> All() =>
    [
        .. ImageRow.All.SelectMany(BatchNorms),
        new("maxpool2x2_fwd/64x64x28x28", MaxPool, 0, 4L * 64 * 64 * 28 * 28 * 5 / 4),
        .. TableRow.Logits.Select(static row => new Workload($"softmax_xent_fwd_bwd/{row.Name}", () => Calls.CrossEntropy(row), 0, 2 * row.Bytes)),
    ];

    private IEnumerable<Workload> BatchNorms(ImageRow row) =>
    [
        new($"batchnorm_train_fwd/{row.Name}", () =>
        {
            Tensor x = Randn(row);
            BatchNorm2d norm = nn.BatchNorm2d(row.C);
            return Calls.Each(() => norm.forward(x));
        }, 0, 2 * row.Bytes),
        new($"batchnorm_relu_train_fwd/{row.Name}", () =>
        {
            Tensor x = Randn(row);
            BatchNorm2d norm = nn.BatchNorm2d(row.C);
            return Calls.Each(() =>
            {
                using Tensor y = norm.forward(x);
                return y.relu_();
            });
        }, 0, 2 * row.Bytes),
        new($"batchnorm_train_bwd/{row.Name}", () =>
        {
            Tensor x = Randn(row).requires_grad_();
            return Calls.Backward(nn.BatchNorm2d(row.C), norm => norm.forward(x), x);
        }, 0, 3 * row.Bytes),
    ];

    private Action MaxPool()
    {
        Tensor x = images.Randn(64, 64, 28, 28);
        return Calls.Each(() => nn.functional.max_pool2d(x, 2));
    }

    private Tensor Randn(ImageRow row) => images.Randn(row.N, row.C, row.Side, row.Side);
}
