using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Engine.Data.Text.Tests;

/// <summary>Small vocabularies in the formats of published ones, made by hand.</summary>
internal static class VocabularyFiles
{
    public static readonly string[] WordPieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "un", "##aff", "##able", "##s", "."];

    /// <summary>In the order in which they are made.</summary>
    public static readonly (string Left, string Right)[] Merges = [("l", "o"), ("lo", "w"), ("Ġ", "low"), ("e", "r"), ("Ġlow", "er")];

    public static readonly (string Piece, float Score, int Type)[] Pieces =
    [
        ("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3), ("▁", -3, 1), ("▁the", -1, 1), ("▁c", -4, 1), ("at", -2, 1), ("a", -5, 1), ("t", -5, 1), ("c", -5, 1), ("▁cat", -9, 1), ("s", -5, 1),
    ];

    public static byte[] WordPiece => Encoding.UTF8.GetBytes(string.Join('\n', WordPieces) + "\n");

    public static byte[] BpeMerges => Encoding.UTF8.GetBytes("#version: 0.2\n" + string.Concat(Merges.Select(static m => $"{m.Left} {m.Right}\n")));

    public static Dictionary<string, int> BpeIds
    {
        get
        {
            string[] tokens = ["<|endoftext|>", .. Enumerable.Range(0, 256).Select(static b => CharOf((byte)b).ToString()), .. Merges.Select(static m => m.Left + m.Right)];
            return tokens.Select(static (token, id) => (token, id)).ToDictionary(static t => t.token, static t => t.id);
        }
    }

    public static byte[] BpeVocabulary => JsonSerializer.SerializeToUtf8Bytes(BpeIds);

    public static byte[] Tiktoken
    {
        get
        {
            byte[][] tokens = [.. Enumerable.Range(0, 256).Select(static b => new[] { (byte)b }), .. new[] { "lo", "low", " low", "er" }.Select(Encoding.UTF8.GetBytes)];
            return Encoding.UTF8.GetBytes(string.Concat(tokens.Select(static (token, rank) => $"{Convert.ToBase64String(token)} {rank}\n")));
        }
    }

    /// <summary>A ModelProto of a unigram model: pieces (field 1), and the trainer's words (field 2) as far as they are read.</summary>
    public static byte[] SentencePiece
    {
        get
        {
            List<byte> model = [];
            foreach ((string piece, float score, int type) in Pieces)
            {
                byte[] text = Encoding.UTF8.GetBytes(piece), number = new byte[4];
                BinaryPrimitives.WriteSingleLittleEndian(number, score);
                Field(model, 1, [0x0A, (byte)text.Length, .. text, 0x15, .. number, 0x18, (byte)type]);
            }

            // Unigram (1), and the ids of the unknown, the beginning, the end; no padding (−1).
            Field(model, 2, [0x18, 1, 0xC0, 0x02, 0, 0xC8, 0x02, 1, 0xD0, 0x02, 2, 0xD8, 0x02, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);

            // A blank before each text, blanks escaped, none left out.
            Field(model, 3, [0x0A, 8, .. "identity"u8, 0x18, 1, 0x20, 0, 0x28, 1]);
            return [.. model];
        }
    }

    /// <summary>The character that GPT-2's files write for a byte: itself where it can be seen, else one of those from U+0100 on.</summary>
    public static char CharOf(byte value)
    {
        static bool IsSeen(int b) => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        return IsSeen(value) ? (char)value : (char)(256 + Enumerable.Range(0, value).Count(static b => !IsSeen(b)));
    }

    private static void Field(List<byte> model, int number, byte[] content)
    {
        model.Add((byte)((number << 3) | 2));
        model.Add((byte)content.Length);
        model.AddRange(content);
    }
}
