using Engine.Hosting;
using Engine.Nn;

namespace PredictionServerSample;

/// <summary>A grey picture of 28×28, row by row, 0 for black.</summary>
internal sealed record ClothesPicture(IReadOnlyList<byte> Pixels)
{
    public const int Size = 28;
}

/// <summary>What the network says about a picture.</summary>
/// <param name="Class">The most likely piece of clothing.</param>
/// <param name="Probability">How likely it is.</param>
/// <param name="Probabilities">All classes.</param>
internal sealed record ClothesAnswer(string Class, float Probability, IReadOnlyDictionary<string, float> Probabilities);

/// <summary>Pixels as the network was trained on them, and its ten probabilities by name.</summary>
internal sealed class ClothesCodec : ISampleCodec<ClothesPicture, ClothesAnswer>
{
    public void Encode(ClothesPicture sample, Span<float> values)
    {
        if (sample.Pixels.Count != values.Length)
        {
            throw new ArgumentException($"A picture has {values.Length} pixels, 28 rows of 28; this one has {sample.Pixels.Count}.");
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(((sample.Pixels[i] / 255.0) - FashionMnist.Mean) / FashionMnist.Std);
        }
    }

    public ClothesAnswer Decode(ReadOnlySpan<float> values)
    {
        Dictionary<string, float> all = [];
        int best = 0;
        for (int i = 0; i < values.Length; i++)
        {
            all.Add(FashionMnist.ClassNames[i], values[i]);
            best = values[i] > values[best] ? i : best;
        }

        return new ClothesAnswer(FashionMnist.ClassNames[best], values[best], all);
    }
}
