using System.Globalization;
using System.Text;

namespace Engine.Gpu;

/// <summary>Program text with line numbers, as compilers' logs count them.</summary>
internal static class NumberedText
{
    /// <summary>Appends each line of <paramref name="text"/> with its number.</summary>
    public static StringBuilder AppendNumbered(this StringBuilder builder, string text)
    {
        int number = 1;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            builder.Append(CultureInfo.InvariantCulture, $"{number,4}  ").Append(line).AppendLine();
            number++;
        }

        return builder;
    }
}
