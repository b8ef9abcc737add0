using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharpPeer;

/// <summary>What networks over sequences are made of beside products: attention, normalisation of rows, softmax, embeddings.</summary>
internal static class SequenceWorkloads
{
    public static IEnumerable<Workload> All()
    {
        foreach (AttentionRow row in AttentionRow.Small)
        {
            yield return new($"attention_fwd/{row.Name}", () => Attention(row), row.ForwardFlop, row.ForwardBytes);
            yield return new($"attention_bwd/{row.Name}", () => AttentionBackward(row), row.BackwardFlop, row.BackwardBytes);
        }

        TableRow large = TableRow.Large;
        yield return new($"softmax_fwd/{large.Name}", () => Softmax(large), 0, 2 * large.Bytes);
        yield return new($"softmax_bwd/{large.Name}", () => SoftmaxBackward(large), 0, 3 * large.Bytes);
        yield return new($"cross_entropy_fwd_bwd/{large.Name}", () => Calls.CrossEntropy(large), 0, 3 * large.Bytes);
        foreach (TableRow row in TableRow.LayerNorms)
        {
            yield return new($"layernorm_fwd/{row.Name}", () => LayerNorm(row), 0, 2 * row.Bytes);
            yield return new($"layernorm_bwd/{row.Name}", () => LayerNormBackward(row), 0, 3 * row.Bytes);
        }

        foreach (EmbeddingRow row in EmbeddingRow.All)
        {
            yield return new($"embedding_bwd/{row.Name}", () => Embedding(row), 0, row.BackwardBytes);
        }

        EmbeddingRow bags = EmbeddingRow.Bags;
        yield return new($"embedding_bag_fwd/{bags.Name}", () => Bags(bags), 0, bags.BagForwardBytes);
        yield return new($"embedding_bag_bwd/{bags.Name}", () => BagsBackward(bags), 0, bags.BagBackwardBytes);
    }

    private static Tensor HeadsOf(AttentionRow row) => randn(row.Samples, row.Heads, row.Length, row.Depth);

    private static Action Attention(AttentionRow row)
    {
        Tensor q = HeadsOf(row), k = HeadsOf(row), v = HeadsOf(row);
        return Calls.Each(() => F.scaled_dot_product_attention(q, k, v, is_casual: row.IsCausal));
    }

    private static Action AttentionBackward(AttentionRow row)
    {
        Tensor q = HeadsOf(row).requires_grad_(), k = HeadsOf(row).requires_grad_(), v = HeadsOf(row).requires_grad_();
        return Calls.Backward(F.scaled_dot_product_attention(q, k, v, is_casual: row.IsCausal), q, k, v);
    }

    private static Action Softmax(TableRow row)
    {
        Tensor x = randn(row.Rows, row.Columns);
        return Calls.Each(() => x.softmax(-1));
    }

    private static Action SoftmaxBackward(TableRow row)
    {
        Tensor x = randn(row.Rows, row.Columns).requires_grad_();
        return Calls.Backward(x.softmax(-1), x);
    }

    private static Action LayerNorm(TableRow row)
    {
        Tensor x = randn(row.Rows, row.Columns);
        LayerNorm norm = nn.LayerNorm(row.Columns);
        return Calls.Each(() => norm.forward(x));
    }

    private static Action LayerNormBackward(TableRow row)
    {
        Tensor x = randn(row.Rows, row.Columns).requires_grad_();
        return Calls.Backward(nn.LayerNorm(row.Columns), norm => norm.forward(x), x);
    }

    private static Action Embedding(EmbeddingRow row)
    {
        Tensor index = randint(row.Words, [row.Tokens], int64);
        return Calls.Backward(nn.Embedding(row.Words, row.Size), table => table.forward(index));
    }

    private static Action Bags(EmbeddingRow row)
    {
        Tensor index = BagsOf(row);
        EmbeddingBag layer = nn.EmbeddingBag(row.Words, row.Size);
        return Calls.Each(() => layer.forward(index, null, null));
    }

    private static Action BagsBackward(EmbeddingRow row)
    {
        Tensor index = BagsOf(row);
        return Calls.Backward(nn.EmbeddingBag(row.Words, row.Size), layer => layer.forward(index, null, null));
    }

    private static Tensor BagsOf(EmbeddingRow row) => randint(row.Words, [row.Tokens / EmbeddingRow.BagLength, EmbeddingRow.BagLength], int64);
}
