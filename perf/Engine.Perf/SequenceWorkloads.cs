namespace Engine.Perf;

/// <summary>What networks over sequences are made of beside products: attention, normalisation of rows, softmax, embeddings.</summary>
internal static class SequenceWorkloads
{
    private const int Samples = 8, Heads = 8, Length = 1024, Depth = 64;

    public static IEnumerable<Workload> All()
    {
        // Two products of L × L × d, backward five.
        const long Product = 2L * Samples * Heads * Length * Length * Depth, Operand = 4L * Samples * Heads * Length * Depth;
        foreach (bool causal in (bool[])[false, true])
        {
            string shape = $"{Samples}x{Heads}x{Length}x{Depth}{(causal ? "_causal" : string.Empty)}";
            int share = causal ? 2 : 1;
            yield return new Workload($"attention_fwd/{shape}", () => Attention(causal), 2 * Product / share, 4 * Operand);
            yield return new Workload($"attention_bwd/{shape}", () => AttentionBackward(causal), 5 * Product / share, 8 * Operand);
        }

        const long Rows = 8192, Columns = 1024, Bytes = 4 * Rows * Columns;
        yield return new Workload("softmax_fwd/8192x1024", () => Softmax(), 0, 2 * Bytes);
        yield return new Workload("softmax_bwd/8192x1024", () => SoftmaxBackward(), 0, 3 * Bytes);
        yield return new Workload("cross_entropy_fwd_bwd/8192x1024", () => CrossEntropy(), 0, 3 * Bytes);
        yield return new Workload("layernorm_fwd/8192x1024", () => LayerNorm(), 0, 2 * Bytes);
        yield return new Workload("layernorm_bwd/8192x1024", () => LayerNormBackward(), 0, 3 * Bytes);
        yield return new Workload("embedding_bwd/8192_of_32000x512", () => Embedding(8192, 32000, 512), 0, 4L * ((8192 * 512) + (32000L * 512)));
        yield return new Workload("embedding_bwd/65536_of_256x128", () => Embedding(65536, 256, 128), 0, 4L * 65536 * 128);
    }

    private static Tensor HeadsOf() => Data.Randn(Samples, Heads, Length, Depth);

    private static Action Attention(bool causal)
    {
        Tensor q = HeadsOf(), k = HeadsOf(), v = HeadsOf();
        return Data.Scoped(() => Tensor.ScaledDotProductAttention(q, k, v, isCausal: causal));
    }

    private static Action AttentionBackward(bool causal)
    {
        Tensor q = HeadsOf().WithGrad(), k = HeadsOf().WithGrad(), v = HeadsOf().WithGrad();
        return Data.Backward(Tensor.ScaledDotProductAttention(q, k, v, isCausal: causal), q, k, v);
    }

    private static Action Softmax()
    {
        Tensor x = Data.Randn(8192, 1024);
        return Data.Scoped(() => x.Softmax(-1));
    }

    private static Action SoftmaxBackward()
    {
        Tensor x = Data.Randn(8192, 1024).WithGrad();
        return Data.Backward(x.Softmax(-1), x);
    }

    private static Action CrossEntropy()
    {
        Tensor x = Data.Randn(8192, 1024).WithGrad(), target = Data.Labels(8192, 1024);
        return () =>
        {
            using TensorScope scope = TensorScope.Begin();
            x.ClearGrad();
            x.CrossEntropy(target).Backward();
        };
    }

    private static Action LayerNorm()
    {
        Tensor x = Data.Randn(8192, 1024), weight = Tensor.Ones([1024]), bias = Tensor.Zeros([1024]);
        return Data.Scoped(() => x.LayerNorm(weight, bias));
    }

    private static Action LayerNormBackward()
    {
        Tensor x = Data.Randn(8192, 1024).WithGrad(), weight = Tensor.Ones([1024]).WithGrad(), bias = Tensor.Zeros([1024]).WithGrad();
        return Data.Backward(x.LayerNorm(weight, bias), x, weight, bias);
    }

    private static Action Embedding(int tokens, int words, int size)
    {
        Tensor table = Data.Randn(words, size).WithGrad(), index = Data.Labels(tokens, words);
        return Data.Backward(table.Embedding(index), table);
    }
}
