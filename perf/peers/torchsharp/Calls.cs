using static TorchSharp.torch;

namespace TorchSharpPeer;

/// <summary>
/// Calls of single operations. TorchSharp has no <c>out:</c> arguments for these: a product goes into its preallocated result by <c>addmm_</c> with
/// beta 0; elsewhere the result is disposed at once, and the allocator hands the same block back at the next call.
/// </summary>
internal static class Calls
{
    /// <summary>A call without gradients whose result is disposed at once.</summary>
    public static Action Each(Func<Tensor> call) => () =>
    {
        using IDisposable mode = no_grad();
        call().Dispose();
    };

    /// <summary>The gradients of y to some inputs, again and again over one graph.</summary>
    public static Action Backward(Tensor y, params Tensor[] inputs)
    {
        Tensor dy = randn_like(y);
        return () => Dispose(autograd.grad([y], inputs, [dy], retain_graph: true));
    }

    /// <summary>The gradients of a layer's output to its input, if it has one, and to its parameters.</summary>
    public static Action Backward<T>(T layer, Func<T, Tensor> forward, Tensor? input = null)
        where T : nn.Module
    {
        Tensor y = forward(layer);
        Action gradients = Backward(y, [.. input is null ? [] : (Tensor[])[input], .. layer.parameters()]);
        return () =>
        {
            gradients();
            GC.KeepAlive(layer); // its finalizer would dispose the parameters
        };
    }

    /// <summary>The loss of random logits, and its gradient.</summary>
    public static Action CrossEntropy(TableRow row)
    {
        Tensor x = randn(row.Rows, row.Columns).requires_grad_(), target = randint(row.Columns, [row.Rows], int64);
        return () =>
        {
            using Tensor loss = nn.functional.cross_entropy(x, target);
            Dispose(autograd.grad([loss], [x]));
        };
    }

    private static void Dispose(IEnumerable<Tensor> tensors)
    {
        foreach (Tensor tensor in tensors)
        {
            tensor.Dispose();
        }
    }
}
