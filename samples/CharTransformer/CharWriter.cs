using Engine;
using Engine.Nn;
using Engine.Nn.Distributions;

namespace CharTransformerSample;

/// <summary>How the next character is drawn.</summary>
internal sealed record SampleOptions(double Temperature = 0.7, int TopK = 0, double TopP = 1, long Seed = 0, bool UseCache = true);

/// <summary>Writes on from a text, a character at a time.</summary>
internal sealed class CharWriter(CharTransformer model, Vocabulary vocabulary, SampleOptions options)
{
    private readonly Generator _generator = new(options.Seed);

    /// <summary>The characters behind the prompt, without an end; each is there as soon as it is drawn.</summary>
    public IEnumerable<char> Write(string prompt)
    {
        List<long> text = [.. vocabulary.Encode(prompt)];
        if (text.Count == 0)
        {
            throw new ArgumentException("The prompt has no character that the model knows.");
        }

        KeyValueCache[]? caches = options.UseCache ? model.Blocks.CreateCaches() : null;
        try
        {
            int start = Math.Max(0, text.Count - model.Size.Context);
            while (true)
            {
                text.Add(Next(text, start, caches));
                yield return vocabulary.Characters[(int)text[^1]];

                // A full context goes on with its later half: what was computed belongs to positions that are no longer the same.
                if (text.Count - start > model.Size.Context)
                {
                    start = text.Count - (model.Size.Context / 2);
                    Array.ForEach(caches ?? [], static cache => cache.Clear());
                }
            }
        }
        finally
        {
            Array.ForEach(caches ?? [], static cache => cache.Dispose());
        }
    }

    private long Next(List<long> text, int start, KeyValueCache[]? caches)
    {
        using TensorScope scope = TensorScope.Begin();
        using InferenceScope inference = InferenceScope.Begin();

        // The caches know the characters up to here, so that usually one is new.
        start += caches?[0].Length ?? 0;
        Tensor fresh = Tensor.From<long>([.. text[start..]], [1, text.Count - start]);
        Tensor logits = model.Forward(fresh, caches)[0, .., ^1];
        return TokenSampler.Sample(logits, options.Temperature, options.TopK, options.TopP, _generator).ToArray<long>()[0];
    }
}
