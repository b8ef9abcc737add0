using System.Buffers;
using System.Text;

namespace Engine.Data.Text;

/// <summary>The characters or the words of a text, without copies.</summary>
internal ref struct TokenSpans(ReadOnlySpan<char> text, bool isWords)
{
    private ReadOnlySpan<char> _rest = text;

    public ReadOnlySpan<char> Current { get; private set; }

    public readonly TokenSpans GetEnumerator() => this;

    public bool MoveNext()
    {
        while (!_rest.IsEmpty)
        {
            int length = Next(_rest, out Rune rune);
            if (isWords && IsWord(rune))
            {
                while (length < _rest.Length && Next(_rest[length..], out Rune more) is var next && IsWord(more))
                {
                    length += next;
                }
            }

            Current = _rest[..length];
            _rest = _rest[length..];
            if (!isWords || !Rune.IsWhiteSpace(rune))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Half of a pair alone is a character of its own, unequal to all others.</summary>
    private static int Next(ReadOnlySpan<char> text, out Rune rune) => Rune.DecodeFromUtf16(text, out rune, out int length) == OperationStatus.Done ? length : 1;

    private static bool IsWord(Rune rune) => Rune.IsLetterOrDigit(rune) || rune.Value == '_'
        || Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark;
}
