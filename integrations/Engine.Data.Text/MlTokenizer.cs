using Microsoft.ML.Tokenizers;

namespace Engine.Data.Text;

/// <summary>A tokenizer of ML.NET.</summary>
internal sealed class MlTokenizer(Tokenizer tokenizer, int vocabularySize, int padId) : TextTokenizer(vocabularySize, padId)
{
    protected override int[] EncodeText(string text, int maxLength)
    {
        // BERT's own method adds the marks of beginning and end, that of the base class does not.
        IReadOnlyList<int> ids = tokenizer is BertTokenizer own ? own.EncodeToIds(text, addSpecialTokens: true) : tokenizer.EncodeToIds(text);
        if (ids.Count <= maxLength)
        {
            return [.. ids];
        }

        // BERT's end stands behind a text that is cut off, too.
        return tokenizer is BertTokenizer bert && maxLength >= 2
            ? [bert.ClassificationTokenId, .. ids.Skip(1).Take(maxLength - 2), bert.SeparatorTokenId]
            : [.. ids.Take(maxLength)];
    }

    protected override string DecodeIds(int[] ids) => tokenizer.Decode(ids) ?? string.Empty;
}
