using Engine.Nn;
using NUnit.Framework;

namespace Engine.Data.Text.Tests;

/// <summary>Our own vocabularies, batches of texts, and blocks for language models.</summary>
internal sealed class TextTests
{
    [TestCase("hi", new[] { 104, 105 })]
    [TestCase("é", new[] { 0xC3, 0xA9 })]
    [TestCase("", new int[0])]
    public void Bytes_NeedNoVocabulary(string text, int[] ids)
    {
        Assert.That(TextTokenizer.Bytes.Encode(text), Is.EqualTo(ids));
        Assert.That(TextTokenizer.Bytes.Decode([.. ids, 256, 256]), Is.EqualTo(text));
        Assert.That((TextTokenizer.Bytes.VocabularySize, TextTokenizer.Bytes.PadId), Is.EqualTo((257, 256)));
    }

    [Test]
    public void Characters_AreNumberedByUnicode_AndComeBack()
    {
        Vocabulary vocabulary = Vocabulary.OfCharacters(["b😀a", "ab\n"]);
        Assert.That(vocabulary.Tokens, Is.EqualTo(new[] { "\n", "a", "b", "😀" }));
        Assert.That(vocabulary.VocabularySize, Is.EqualTo(6));
        Assert.That(vocabulary.Encode("a😀cb"), Is.EqualTo(new[] { 3, 5, vocabulary.UnknownId, 4 }));
        Assert.That(vocabulary.Decode(vocabulary.Encode("ab\n😀")), Is.EqualTo("ab\n😀"));
        Assert.That(Vocabulary.OfCharacters(["\uD83D"]).Tokens, Is.Empty);
        Assert.That(vocabulary.Encode("\uD83D"), Is.EqualTo(new[] { vocabulary.UnknownId }));
        Assert.That(vocabulary.Decode(0, 3, 1, 0), Is.EqualTo("a\uFFFD"));
    }

    [Test]
    public void Words_AreNumberedByFrequency()
    {
        Vocabulary vocabulary = Vocabulary.OfWords(["To be, or not to be", "be  naïve_2!"], maxSize: 4);
        Assert.That(vocabulary.Tokens, Is.EqualTo(new[] { "be", "!", ",", "To" }));
        Assert.That(vocabulary.Encode("To be? be"), Is.EqualTo(new[] { 5, 2, 1, 2 }));
        Assert.That(vocabulary.Decode(5, 2), Is.EqualTo("To be"));
        Assert.That(Vocabulary.OfWords(["a a b"], minCount: 2).Tokens, Is.EqualTo(new[] { "a" }));
        Assert.That(Vocabulary.OfWords(["naïve_2 x"]).Tokens, Is.EquivalentTo(new[] { "naïve_2", "x" }));
        Assert.That(Vocabulary.OfWords([" \n\t"]).VocabularySize, Is.EqualTo(2));
    }

    [Test]
    public void Vocabulary_IsSaved_AloneAndWithTheModel()
    {
        using TemporaryFolder folder = new();
        foreach (Vocabulary vocabulary in new[] { Vocabulary.OfCharacters(["a\"é😀\n"]), Vocabulary.OfWords(["one two"]) })
        {
            vocabulary.Save(folder.File("v.json"));
            Safetensors.Save(folder.File("m.safetensors"), new Linear(1, 1).StateDict(), vocabulary.ToMetadata());
            using SafetensorsFile file = SafetensorsFile.Open(folder.File("m.safetensors"));
            foreach (Vocabulary same in new[] { Vocabulary.Load(folder.File("v.json")), Vocabulary.FromMetadata(file.Metadata) })
            {
                Assert.That(same.Tokens, Is.EqualTo(vocabulary.Tokens));
                Assert.That(same.Encode("one two é"), Is.EqualTo(vocabulary.Encode("one two é")));
            }
        }
    }

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("{\"kind\":\"words\"}")]
    [TestCase("{\"kind\":\"parts\",\"tokens\":[]}")]
    [TestCase("{\"kind\":1,\"tokens\":[]}")]
    [TestCase("{\"kind\":\"words\",\"tokens\":[1]}")]
    [TestCase("{\"kind\":\"words\",\"tokens\":[\"a\",\"a\"]}")]
    [TestCase("{\"kind\":\"words\",\"tokens\":[\"\"]}")]
    [TestCase("{\"kind\":\"words\",\"tokens\":[\"\\ud800\"]}")]
    public void DamagedVocabulary_IsRefused(string json)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("v.json", json);
        Assert.That(() => Vocabulary.Load(path), Throws.TypeOf<DataFileException>().With.Message.StartsWith(path));
        Assert.That(() => Vocabulary.FromMetadata(new Dictionary<string, string> { [Vocabulary.MetadataKey] = json }), Throws.TypeOf<ModelFileException>());
        Assert.That(static () => Vocabulary.FromMetadata(new Dictionary<string, string>()), Throws.TypeOf<ModelFileException>().With.Message.Contains("ToMetadata"));
    }

    [Test]
    public void Batch_IsFilledUp_AndMasksSayWhere()
    {
        Vocabulary vocabulary = Vocabulary.OfCharacters(["ab"]);
        TokenBatch batch = vocabulary.EncodeBatch(["ab", string.Empty, "bab"]);
        Assert.That(batch.Ids.Shape, Is.EqualTo(new Shape(3, 3)));
        Assert.That(batch.Ids.ToArray<long>(), Is.EqualTo(new long[] { 2, 3, 0, 0, 0, 0, 3, 2, 3 }));
        Assert.That(batch.AttentionMask.ToArray<long>(), Is.EqualTo(new long[] { 1, 1, 0, 0, 0, 0, 1, 1, 1 }));
        Assert.That(batch.PaddingMask.ToArray<bool>(), Is.EqualTo(new[] { false, false, true, true, true, true, false, false, false }));
        Assert.That(batch.ToInputs().Names, Is.EqualTo(new[] { "ids", "mask" }));
    }

    [Test]
    public void Options_SetTheLength()
    {
        Vocabulary vocabulary = Vocabulary.OfCharacters(["ab"]);
        Assert.That(Ids(new TokenOptions { MaxLength = 2 }), Is.EqualTo(new long[] { 2, 3, 3, 2 }));
        Assert.That(Ids(new TokenOptions { MaxLength = 4, PadToMaxLength = true }), Is.EqualTo(new long[] { 2, 3, 0, 0, 3, 2, 3, 0 }));
        Assert.That(Ids(new TokenOptions { PadToMultipleOf = 4, PadLeft = true }), Is.EqualTo(new long[] { 0, 0, 2, 3, 0, 3, 2, 3 }));
        Assert.That(() => Ids(new TokenOptions { MaxLength = 0 }), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => Ids(new TokenOptions { PadToMultipleOf = 0 }), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => vocabulary.EncodeBatch([]), Throws.ArgumentException);
        Assert.That(vocabulary.EncodeBatch([string.Empty]).Ids.Shape, Is.EqualTo(new Shape(1, 1)), "a tensor has a place at least");

        long[] Ids(TokenOptions options) => vocabulary.EncodeBatch(["ab", "bab"], options).Ids.ToArray<long>();
    }

    [Test]
    public void BadArguments_AreRefused()
    {
        Assert.That(static () => TextTokenizer.Bytes.Encode("a", 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(static () => TextTokenizer.Bytes.Decode(257), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("0 to 256"));
        Assert.That(static () => TextTokenizer.Bytes.Decode(-1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(static () => Vocabulary.OfCharacters(["a"], minCount: 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(static () => Vocabulary.OfWords(["a"], maxSize: 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(static () => new TokenBlocks([1, 2], 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(static () => TokenBlocks.From(TextTokenizer.Bytes, ["a"], 1, separator: 257), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [TestCase(0, 0)]
    [TestCase(1, 0)]
    [TestCase(3, 0)]
    [TestCase(4, 1)]
    [TestCase(7, 2)]
    [TestCase(9, 2)]
    public void Blocks_AreWhole_AndTargetsAreOneFurther(int tokens, int count)
    {
        TokenBlocks blocks = new([.. Enumerable.Range(10, tokens)], 3);
        Assert.That(blocks.Count, Is.EqualTo(count));
        if (count == 2)
        {
            using Batch batch = blocks.GetBatch(new BatchRequest([1, 0], Device.Cpu));
            Assert.That(batch.Inputs.Shape, Is.EqualTo(new Shape(2, 3)));
            Assert.That(batch.Inputs.ToArray<long>(), Is.EqualTo(new long[] { 13, 14, 15, 10, 11, 12 }));
            Assert.That(batch.Targets.ToArray<long>(), Is.EqualTo(new long[] { 14, 15, 16, 11, 12, 13 }));
        }

        Assert.That(() => blocks.GetBatch(new BatchRequest([count], Device.Cpu)), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [TestCase(null)]
    [TestCase(256)]
    public void Stream_HasTheBlocksOfTheWhole_AndGoesOnFromAnyOfThem(int? separator)
    {
        string[] texts = ["to be, or not to be", string.Empty, "that", "is the question:", "whether 'tis nobler"];
        TokenBlocks whole = TokenBlocks.From(TextTokenizer.Bytes, texts, 5, separator);
        IStreamDataset stream = TokenBlocks.Stream(TextTokenizer.Bytes, texts, 5, separator);
        for (int first = 0; first <= whole.Count; first += 3)
        {
            List<(long[] Inputs, long[] Targets)> read = [];
            foreach (SampleFactory make in stream.Read(new StreamRequest(0, first)))
            {
                SampleRandom random = new(0, 0);
                using Batch one = Collate.Stack([make(ref random)], Device.Cpu);
                read.Add((one.Inputs.ToArray<long>(), one.Targets.ToArray<long>()));
            }

            Assert.That(read, Has.Count.EqualTo(whole.Count - first));
            for (int i = 0; i < read.Count; i++)
            {
                using Batch same = whole.GetBatch(new BatchRequest([first + i], Device.Cpu));
                Assert.That(read[i].Inputs, Is.EqualTo(same.Inputs.ToArray<long>()));
                Assert.That(read[i].Targets, Is.EqualTo(same.Targets.ToArray<long>()));
            }
        }
    }

    [Test]
    public void Stream_EpochsHaveTextsOfTheirOwn()
    {
        IStreamDataset stream = TokenBlocks.Stream(TextTokenizer.Bytes, epoch => [epoch == 0 ? "abc" : "xyz"], 2);
        Assert.That(First(0), Is.EqualTo(new long[] { 'a', 'b' }));
        Assert.That(First(1), Is.EqualTo(new long[] { 'x', 'y' }));

        long[] First(int epoch)
        {
            SampleRandom random = new(0, 0);
            using Batch batch = Collate.Stack([stream.Read(new StreamRequest(epoch)).First()(ref random)], Device.Cpu);
            return batch.Inputs.ToArray<long>();
        }
    }
}
