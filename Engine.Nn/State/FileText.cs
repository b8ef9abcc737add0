using System.Globalization;
using System.Text;

namespace Engine.Nn;

/// <summary>Words from a file in a message: the author of the file must not be able to write lines of a log or to reverse the text.</summary>
internal static class FileText
{
    private const int Longest = 100;

    /// <summary>In quotation marks, at most a hundred characters of it; whatever is not visible is written as its code: <c>'a\u000Ab'</c>.</summary>
    public static string Quote(string text) => $"'{Escape(text, Longest)}'";

    /// <summary>Without quotation marks, at most <paramref name="longest"/> characters of it.</summary>
    public static string Escape(string text, int longest)
    {
        StringBuilder escaped = new();
        int taken = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (taken++ == longest)
            {
                return escaped.Append('…').ToString();
            }

            // An unpaired half of a character comes as U+FFFD, which is visible.
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                    or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned:
                    escaped.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}");
                    break;
                default:
                    escaped.Append(rune.ToString());
                    break;
            }
        }

        return escaped.ToString();
    }

    /// <summary>The first few of some names, and how many there are beyond.</summary>
    public static string List(IEnumerable<string> names, int shown = 8)
    {
        string[] all = [.. names];
        string text = string.Join(", ", all.Take(shown).Select(static n => Escape(n, Longest)));
        return all.Length > shown ? $"{text} and {all.Length - shown} more" : text;
    }
}
