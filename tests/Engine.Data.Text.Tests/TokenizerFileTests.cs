using System.Text;
using NUnit.Framework;

namespace Engine.Data.Text.Tests;

/// <summary>Tokenizers of ML.NET by files that were made by hand, against plain loops and known ids; and files that lie.</summary>
internal sealed class TokenizerFileTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void WordPiece_LongestParts_BetweenItsMarks()
    {
        TextTokenizer tokenizer = TextTokenizer.FromWordPiece(File("vocab.txt", VocabularyFiles.WordPiece));
        Assert.That((tokenizer.VocabularySize, tokenizer.PadId), Is.EqualTo((12, 0)));
        Assert.That(tokenizer.Encode("The unaffable cats."), Is.EqualTo(new[] { 2, 5, 7, 8, 9, 6, 10, 11, 3 }));
        Assert.That(tokenizer.Encode("dog"), Is.EqualTo(new[] { 2, 1, 3 }));
        Assert.That(tokenizer.Encode(string.Empty), Is.EqualTo(new[] { 2, 3 }));
        Assert.That(tokenizer.Encode("the cat the cat", 4), Is.EqualTo(new[] { 2, 5, 6, 3 }));
        Assert.That(tokenizer.Decode(5, 7, 8, 9, 6, 10), Is.EqualTo("the unaffable cats"));
        Assert.That(TextTokenizer.FromWordPiece(_folder.File("vocab.txt"), lowerCase: false).Encode("The"), Is.EqualTo(new[] { 2, 1, 3 }));
    }

    [TestCase("low lower slow")]
    [TestCase("  two  blanks\nand a line\t")]
    [TestCase("wörld 猫 😀")]
    [TestCase("it's 12,5!")]
    [TestCase("")]
    public void Bpe_JoinsInTheOrderOfItsMerges_AndComesBack(string text)
    {
        TextTokenizer tokenizer = TextTokenizer.FromBpe(File("vocab.json", VocabularyFiles.BpeVocabulary), File("merges.txt", VocabularyFiles.BpeMerges));
        Assert.That(tokenizer.VocabularySize, Is.EqualTo(262));
        Assert.That(tokenizer.Encode(text), Is.EqualTo(Bpe(text)));
        Assert.That(tokenizer.Decode(tokenizer.Encode(text)), Is.EqualTo(text));
    }

    [Test]
    public void Bpe_SpecialTokens_AreOneToken()
    {
        TextTokenizer tokenizer = TextTokenizer.FromBpe(
            File("vocab.json", VocabularyFiles.BpeVocabulary), File("merges.txt", VocabularyFiles.BpeMerges), new Dictionary<string, int> { ["<|endoftext|>"] = 0 });
        Assert.That(tokenizer.Encode("low<|endoftext|>low"), Is.EqualTo((int[])[258, 0, 258]));
    }

    [TestCase("low lower slow", new[] { 257, 258, 259, 32, 115, 257 })]
    [TestCase("猫", new[] { 0xE7, 0x8C, 0xAB })]
    public void Tiktoken_JoinsByRank(string text, int[] expected)
    {
        TextTokenizer tokenizer = TextTokenizer.FromTiktoken(File("x.tiktoken", VocabularyFiles.Tiktoken), "gpt-4");
        Assert.That(tokenizer.Encode(text), Is.EqualTo(expected));
        Assert.That(tokenizer.Decode(expected), Is.EqualTo(text));
        Assert.That(tokenizer.VocabularySize, Is.GreaterThan(100_256), "those of the model's special tokens, which are far behind");
        Assert.That(() => TextTokenizer.FromTiktoken(_folder.File("x.tiktoken"), "no such model"), Throws.ArgumentException.With.Message.Contains("'no such model'"));
    }

    [Test]
    public void SentencePiece_TakesTheLikeliestPieces()
    {
        TextTokenizer tokenizer = TextTokenizer.FromSentencePiece(File("tokenizer.model", VocabularyFiles.SentencePiece));
        Assert.That(tokenizer.VocabularySize, Is.EqualTo(12));

        // "▁c at" has −6, "▁cat" −9.
        Assert.That(tokenizer.Encode("the cat"), Is.EqualTo(new[] { 1, 4, 5, 6 }));
        Assert.That(tokenizer.Encode("the"), Is.EqualTo(new[] { 1, 4 }));
        Assert.That(TextTokenizer.FromSentencePiece(_folder.File("tokenizer.model"), addBeginning: false, addEnd: true).Encode("cat"), Is.EqualTo(new[] { 5, 6, 2 }));
        Assert.That(tokenizer.Decode(4, 5, 6), Is.EqualTo("the cat"));
    }

    [Test]
    public void WhatIsNoVocabulary_IsADataFileException()
    {
        string path = File("x", "neither json nor anything else\xff"u8.ToArray()), json = File("vocab.json", VocabularyFiles.BpeVocabulary), merges = File("merges.txt", VocabularyFiles.BpeMerges);
        Assert.That(() => TextTokenizer.FromWordPiece(path), Throws.TypeOf<DataFileException>().With.Message.StartsWith(path));
        Assert.That(() => TextTokenizer.FromBpe(path, merges), Throws.TypeOf<DataFileException>().With.Message.StartsWith(path));
        Assert.That(() => TextTokenizer.FromBpe(json, path), Throws.TypeOf<DataFileException>());
        Assert.That(() => TextTokenizer.FromTiktoken(path, "gpt-4"), Throws.TypeOf<DataFileException>().With.Message.StartsWith(path));
        Assert.That(() => TextTokenizer.FromSentencePiece(path), Throws.TypeOf<DataFileException>().With.Message.StartsWith(path));
        Assert.That(() => TextTokenizer.FromBpe(File("half.json", "{\"a\":0"u8.ToArray()), merges), Throws.TypeOf<DataFileException>());
        Assert.That(() => TextTokenizer.FromBpe(File("list.json", "[1]"u8.ToArray()), merges), Throws.TypeOf<DataFileException>());
        Assert.That(() => TextTokenizer.FromBpe(File("ids.json", "{\"a\":-1}"u8.ToArray()), merges), Throws.TypeOf<DataFileException>().With.Message.Contains("'a' has no id"));
        Assert.That(() => TextTokenizer.FromWordPiece(File("words.txt", "a\nb\n"u8.ToArray())), Throws.TypeOf<DataFileException>().With.Message.Contains("[PAD], [UNK], [CLS], [SEP], [MASK]"));
        Assert.That(static () => TextTokenizer.FromWordPiece("/there/is/none"), Throws.InstanceOf<IOException>());
    }

    [TestCase("wordpiece")]
    [TestCase("bpe")]
    [TestCase("merges")]
    [TestCase("tiktoken")]
    [TestCase("sentencepiece")]
    [CancelAfter(60_000)]
    public void DamagedFiles_AreReadOrRefused(string kind)
    {
        string json = File("vocab.json", VocabularyFiles.BpeVocabulary), merges = File("merges.txt", VocabularyFiles.BpeMerges);
        (byte[] whole, Func<string, TextTokenizer> read) = kind switch
        {
            "wordpiece" => (VocabularyFiles.WordPiece, (Func<string, TextTokenizer>)(static path => TextTokenizer.FromWordPiece(path))),
            "bpe" => (VocabularyFiles.BpeVocabulary, path => TextTokenizer.FromBpe(path, merges)),
            "merges" => (VocabularyFiles.BpeMerges, path => TextTokenizer.FromBpe(json, path)),
            "tiktoken" => (VocabularyFiles.Tiktoken, static path => TextTokenizer.FromTiktoken(path, "gpt-4")),
            _ => (VocabularyFiles.SentencePiece, static path => TextTokenizer.FromSentencePiece(path)),
        };
        Random random = new(7);
        int good = 0, bad = 0;
        for (int i = 0; i < 400; i++)
        {
            byte[] bytes = i % 4 == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
            for (int flip = 0; flip < 1 + (i % 3) && bytes.Length > 0; flip++)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            string path = File("damaged", bytes);
            try
            {
                TextTokenizer tokenizer = read(path);
                good++;
                int[] ids = tokenizer.Encode("the low cats 猫");
                Assert.That(ids, Is.All.InRange(0, tokenizer.VocabularySize - 1));
                _ = tokenizer.Decode(ids);
            }
            catch (DataFileException)
            {
                bad++;
            }
        }

        Assert.That((good, bad), Is.Not.EqualTo((0, 400)).And.Not.EqualTo((400, 0)), "damage was met and missed");
    }

    /// <summary>Byte-pair encoding as its definition has it: of all pairs that a word has, the one that is first in the list of merges is joined.</summary>
    private static int[] Bpe(string text)
    {
        Dictionary<string, int> ids = VocabularyFiles.BpeIds;
        List<int> all = [];

        // GPT-2's words: Radford et al., 2019.
        foreach (System.Text.RegularExpressions.Match word in System.Text.RegularExpressions.Regex.Matches(text, @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"))
        {
            List<string> parts = [.. Encoding.UTF8.GetBytes(word.Value).Select(static b => VocabularyFiles.CharOf(b).ToString())];
            foreach ((string left, string right) in VocabularyFiles.Merges)
            {
                for (int i = 0; i + 1 < parts.Count; i++)
                {
                    if (parts[i] == left && parts[i + 1] == right)
                    {
                        parts[i] += right;
                        parts.RemoveAt(i + 1);
                    }
                }
            }

            all.AddRange(parts.Select(part => ids[part]));
        }

        return [.. all];
    }

    private string File(string name, byte[] content)
    {
        System.IO.File.WriteAllBytes(_folder.File(name), content);
        return _folder.File(name);
    }
}
