using Engine.Nn;

namespace Engine.Perf;

/// <summary>What networks over sequences are made of beside products: attention, normalisation of rows, softmax, embeddings.</summary>
internal static class SequenceWorkloads
{
    public static IEnumerable<Workload> All(Device device)
    {
        foreach (AttentionRow row in device.Kind == DeviceKind.Cpu ? AttentionRow.Small : AttentionRow.Large)
        {
            yield return new Workload($"attention_fwd/{row.Name}", () => Attention(row), row.ForwardFlop, row.ForwardBytes);
            yield return new Workload($"attention_bwd/{row.Name}", () => AttentionBackward(row), row.BackwardFlop, row.BackwardBytes);
        }

        TableRow large = TableRow.Large;
        yield return new Workload($"softmax_fwd/{large.Name}", () => Softmax(large), 0, 2 * large.Bytes);
        yield return new Workload($"softmax_bwd/{large.Name}", () => SoftmaxBackward(large), 0, 3 * large.Bytes);
        yield return new Workload($"cross_entropy_fwd_bwd/{large.Name}", () => Data.CrossEntropy(large), 0, 3 * large.Bytes);
        foreach (TableRow row in TableRow.LayerNorms)
        {
            yield return new Workload($"layernorm_fwd/{row.Name}", () => LayerNorm(row), 0, 2 * row.Bytes);
            yield return new Workload($"layernorm_bwd/{row.Name}", () => LayerNormBackward(row), 0, 3 * row.Bytes);
        }

        foreach (EmbeddingRow row in EmbeddingRow.All)
        {
            yield return new Workload($"embedding_bwd/{row.Name}", () => Embedding(row), 0, row.BackwardBytes);
        }

        if (device.Kind == DeviceKind.Cpu)
        {
            EmbeddingRow bags = EmbeddingRow.Bags;
            yield return new Workload($"embedding_bag_fwd/{bags.Name}", () => Bags(bags), 0, bags.BagForwardBytes);
            yield return new Workload($"embedding_bag_bwd/{bags.Name}", () => BagsBackward(bags), 0, bags.BagBackwardBytes);
        }
    }

    private static Tensor HeadsOf(AttentionRow row) => Data.Randn(row.Samples, row.Heads, row.Length, row.Depth);

    private static Action Attention(AttentionRow row)
    {
        Tensor q = HeadsOf(row), k = HeadsOf(row), v = HeadsOf(row);
        return Data.Scoped(() => Tensor.ScaledDotProductAttention(q, k, v, isCausal: row.IsCausal));
    }

    private static Action AttentionBackward(AttentionRow row)
    {
        Tensor q = HeadsOf(row).WithGrad(), k = HeadsOf(row).WithGrad(), v = HeadsOf(row).WithGrad();
        return Data.Backward(Tensor.ScaledDotProductAttention(q, k, v, isCausal: row.IsCausal), q, k, v);
    }

    private static Action Softmax(TableRow row)
    {
        Tensor x = Data.Randn(row.Rows, row.Columns);
        return Data.Scoped(() => x.Softmax(-1));
    }

    private static Action SoftmaxBackward(TableRow row)
    {
        Tensor x = Data.Randn(row.Rows, row.Columns).WithGrad();
        return Data.Backward(x.Softmax(-1), x);
    }

    private static Action LayerNorm(TableRow row)
    {
        Tensor x = Data.Randn(row.Rows, row.Columns), weight = Tensor.Ones([row.Columns]), bias = Tensor.Zeros([row.Columns]);
        return Data.Scoped(() => x.LayerNorm(weight, bias));
    }

    private static Action LayerNormBackward(TableRow row)
    {
        Tensor x = Data.Randn(row.Rows, row.Columns).WithGrad(), weight = Tensor.Ones([row.Columns]).WithGrad(), bias = Tensor.Zeros([row.Columns]).WithGrad();
        return Data.Backward(x.LayerNorm(weight, bias), x, weight, bias);
    }

    private static Action Embedding(EmbeddingRow row)
    {
        Tensor table = Data.Randn(row.Words, row.Size).WithGrad(), index = Data.Labels(row.Tokens, row.Words);
        return Data.Backward(table.Embedding(index), table);
    }

    private static Action Bags(EmbeddingRow row)
    {
        (EmbeddingBag layer, Tensor index) = Bag(row);
        return Data.Scoped(() =>
        {
            using GradMode.Scope mode = GradMode.Off();
            return layer.Forward(index);
        });
    }

    private static Action BagsBackward(EmbeddingRow row)
    {
        (EmbeddingBag layer, Tensor index) = Bag(row);
        return Data.Backward(layer.Forward(index), layer.Weight);
    }

    private static (EmbeddingBag Layer, Tensor Index) Bag(EmbeddingRow row) =>
        (new EmbeddingBag(row.Words, row.Size), Data.Labels(row.Tokens, row.Words).Reshape(row.Tokens / EmbeddingRow.BagLength, EmbeddingRow.BagLength));
}
