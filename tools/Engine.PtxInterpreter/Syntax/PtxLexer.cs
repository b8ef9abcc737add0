namespace Engine.PtxInterpreter;

internal enum PtxTokenKind : byte
{
    /// <summary>A name: opcode, register, label, symbol.</summary>
    Name,

    /// <summary>A name after a dot, without the dot: directive, modifier, member of a special register.</summary>
    Dotted,
    Number,
    Text,
    Punctuation,
    End,
}

internal readonly record struct PtxToken(PtxTokenKind Kind, string Text, int Line);

/// <summary>Splits a module into tokens.</summary>
internal static class PtxLexer
{
    public static List<PtxToken> Split(string text)
    {
        List<PtxToken> tokens = [];
        int line = 1;
        int i = 0;
        while (i < text.Length)
        {
            char c = text[i];
            if (c == '\n')
            {
                line++;
                i++;
            }
            else if (char.IsWhiteSpace(c))
            {
                i++;
            }
            else if (c == '/' && i + 1 < text.Length && text[i + 1] == '/')
            {
                while (i < text.Length && text[i] != '\n')
                {
                    i++;
                }
            }
            else if (c == '/' && i + 1 < text.Length && text[i + 1] == '*')
            {
                int end = text.IndexOf("*/", i + 2, StringComparison.Ordinal);
                if (end < 0)
                {
                    throw new PtxException(line, "the comment does not end");
                }

                line += text.AsSpan(i, end - i).Count('\n');
                i = end + 2;
            }
            else if (c == '"')
            {
                int end = text.IndexOf('"', i + 1);
                if (end < 0)
                {
                    throw new PtxException(line, "the string does not end");
                }

                tokens.Add(new PtxToken(PtxTokenKind.Text, text[(i + 1)..end], line));
                i = end + 1;
            }
            else if (char.IsAsciiDigit(c))
            {
                int start = i;
                while (i < text.Length && (char.IsAsciiLetterOrDigit(text[i]) || text[i] == '.' || (text[i] is '+' or '-' && IsExponent(text, start, i))))
                {
                    i++;
                }

                tokens.Add(new PtxToken(PtxTokenKind.Number, text[start..i], line));
            }
            else if (c == '.' && i + 1 < text.Length && IsNameStart(text[i + 1]))
            {
                int start = ++i;
                while (i < text.Length && (IsNamePart(text[i]) || (text[i] == ':' && i + 2 < text.Length && text[i + 1] == ':' && IsNamePart(text[i + 2]))))
                {
                    i += text[i] == ':' ? 2 : 1;
                }

                tokens.Add(new PtxToken(PtxTokenKind.Dotted, text[start..i], line));
            }
            else if (IsNameStart(c))
            {
                int start = i++;
                while (i < text.Length && IsNamePart(text[i]))
                {
                    i++;
                }

                tokens.Add(new PtxToken(PtxTokenKind.Name, text[start..i], line));
            }
            else if ("{}[]()<>,;:+-@!|=".Contains(c))
            {
                tokens.Add(new PtxToken(PtxTokenKind.Punctuation, c.ToString(), line));
                i++;
            }
            else
            {
                throw new PtxException(line, $"unexpected character '{c}'");
            }
        }

        tokens.Add(new PtxToken(PtxTokenKind.End, "end of the text", line));
        return tokens;
    }

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c is '_' or '$' or '%';

    private static bool IsNamePart(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$';

    private static bool IsExponent(string text, int start, int i) =>
        text[i - 1] is 'e' or 'E' && !(text.AsSpan(start).StartsWith("0x") || text.AsSpan(start).StartsWith("0f") || text.AsSpan(start).StartsWith("0d"));
}
