using Engine.Nn;

namespace CharTransformerSample;

/// <summary>Pieces of a text. The model shall answer each character with the next one: the target is the same piece, one character later.</summary>
/// <param name="text">The numbers of the characters.</param>
/// <param name="length">Characters of a piece.</param>
/// <param name="shifts">Whether a piece begins up to a piece later, at random, so that no two epochs cut the text alike.</param>
internal sealed class TextWindows(long[] text, int length, bool shifts) : SampleDataset
{
    private readonly long[] _text = text.Length >= 2 * length ? text : throw new ArgumentException($"A text of {text.Length} characters is too short for pieces of {length}.");

    // The last piece has room to be shifted, and each has a character behind it.
    public override int Count => (_text.Length / length) - 1;

    public override Sample GetSample(int index, ref SampleRandom random)
    {
        int start = (index * length) + (shifts ? random.Next(length) : 0);
        return new Sample(_text[start..(start + length)], _text[(start + 1)..(start + length + 1)]);
    }

    public override IDataset WithoutRandomChanges() => new TextWindows(_text, length, shifts: false);
}
