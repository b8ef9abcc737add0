using Engine.Nn;

namespace Engine.Data.Text;

/// <summary>Texts as tensors.</summary>
/// <param name="Ids">The ids, int64 [N, length].</param>
/// <param name="AttentionMask">1 where a token stands and 0 where the text was filled up, int64 [N, length]: what published models call <c>attention_mask</c>.</param>
/// <param name="PaddingMask">True where the text was filled up, bool [N, length]: the <c>keyPaddingMask</c> of <see cref="MultiheadAttention"/>.</param>
public sealed record TokenBatch(Tensor Ids, Tensor AttentionMask, Tensor PaddingMask)
{
    /// <summary>The ids and the padding mask as inputs of a model, by the names <c>ids</c> and <c>mask</c>.</summary>
    public Tensors ToInputs() => new(("ids", Ids), ("mask", PaddingMask));

    internal static TokenBatch From(int[][] texts, int length, int padId, bool padLeft, Device? device)
    {
        long[] ids = new long[checked(texts.Length * length)], attention = new long[ids.Length];
        bool[] padding = new bool[ids.Length];
        Array.Fill(ids, padId);
        Array.Fill(padding, true);
        for (int i = 0; i < texts.Length; i++)
        {
            int at = (i * length) + (padLeft ? length - texts[i].Length : 0);
            foreach (int id in texts[i])
            {
                (ids[at], attention[at], padding[at]) = (id, 1, false);
                at++;
            }
        }

        Shape shape = [texts.Length, length];
        return new TokenBatch(Tensor.From<long>(ids, shape, device), Tensor.From<long>(attention, shape, device), Tensor.From<bool>(padding, shape, device));
    }
}
