using static TorchSharp.torch;

namespace TorchSharpPeer;

/// <summary>Work that is limited by memory: pointwise programs, sums, a transposed copy.</summary>
internal static class ElementwiseWorkloads
{
    private const int Elements = 1 << 22;

    public static IEnumerable<Workload> All() =>
    [
        new("copy/4M", Copy, 0, 8L * Elements),
        new("add/4M", Add, 0, 12L * Elements),
        new("exp/4M", Over([Elements], static x => x.exp()), 0, 8L * Elements),
        new("tanh/4M", Over([Elements], static x => x.tanh()), 0, 8L * Elements),
        new("chain_gelu_bias/1024x4096", Chain, 0, 8L * Elements),
        new("sum_all/4M", Over([Elements], static x => x.sum()), 0, 4L * Elements),
        new("sum_axis0/2048x2048", Over([2048, 2048], static x => x.sum(0)), 0, 4L * Elements),
        new("transpose_copy/2048x2048", Over([2048, 2048], static x =>
        {
            using Tensor t = x.t();
            return t.contiguous();
        }), 0, 8L * Elements),
    ];

    private static Func<Action> Over(long[] shape, Func<Tensor, Tensor> operation) => () =>
    {
        Tensor x = randn(shape);
        return Calls.Each(() => operation(x));
    };

    private static Action Copy()
    {
        Tensor x = randn(Elements), y = empty(Elements);
        return () => y.copy_(x);
    }

    private static Action Add()
    {
        Tensor a = randn(Elements), b = randn(Elements);
        return Calls.Each(() => a.add(b));
    }

    private static Action Chain()
    {
        Tensor x = randn(1024, 4096), b = randn(4096), s = randn(4096);
        return Calls.Each(() =>
        {
            using Tensor sum = x.add(b), gelu = sum.gelu_();
            return sum.mul_(s);
        });
    }
}
