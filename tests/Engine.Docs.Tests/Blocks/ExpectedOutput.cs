using System.Globalization;
using System.Text.RegularExpressions;

namespace Engine.Docs.Tests.Blocks;

/// <summary>
/// The output that a page promises. Rounding differs from machine to machine (vectors, threads), so numbers with decimals may differ by 2 % or by two
/// units of their last digit; … stands for anything on its line, and on a line of its own for any lines.
/// </summary>
internal static partial class ExpectedOutput
{
    /// <summary>The first difference, or null where the output is as promised.</summary>
    public static string? Difference(string expected, string actual)
    {
        string[] promised = Lines(expected), written = Lines(actual);
        int j = 0;
        for (int i = 0; i < promised.Length; i++)
        {
            if (promised[i].Trim() == "…")
            {
                int next = i + 1 < promised.Length ? Array.FindIndex(written, j, line => Matches(promised[i + 1], line)) : written.Length;
                if (next < 0)
                {
                    return $"nothing like \"{promised[i + 1]}\" was written";
                }

                j = next;
            }
            else if (j == written.Length)
            {
                return $"the output ends before \"{promised[i]}\"";
            }
            else if (!Matches(promised[i], written[j++]))
            {
                return $"promised \"{promised[i]}\", written \"{written[j - 1]}\"";
            }
        }

        return j == written.Length ? null : $"not promised: \"{written[j]}\"";
    }

    private static string[] Lines(string text) => [.. text.Split('\n').Select(static line => line.TrimEnd()).Where(static line => line.Length > 0)];

    private static bool Matches(string promised, string written)
    {
        string pattern = string.Join(".*", promised.Split('…').Select(static part => string.Join(@"\s+", part.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Pattern))));
        Match match = Regex.Match(written.Trim(), $@"^\s*{pattern}\s*$");
        string[] numbers = [.. Decimal().Matches(promised).Select(static number => number.Value)];
        return match.Success && numbers.Index().All(number => IsClose(number.Item, match.Groups[number.Index + 1].Value));
    }

    private static string Pattern(string word) => string.Join(@"(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)", Decimal().Split(word).Select(Regex.Escape));

    private static bool IsClose(string promised, string written)
    {
        double expected = double.Parse(promised, CultureInfo.InvariantCulture), actual = double.Parse(written, CultureInfo.InvariantCulture);
        Match exponent = Exponent().Match(promised);
        string digits = exponent.Success ? promised[..exponent.Index] : promised;
        int decimals = digits.Length - digits.IndexOf('.') - 1;
        double unit = Math.Pow(10, (exponent.Success ? int.Parse(exponent.Value[1..], CultureInfo.InvariantCulture) : 0) - decimals);
        return Math.Abs(expected - actual) <= Math.Max(2.001 * unit, 0.02 * Math.Abs(expected));
    }

    [GeneratedRegex(@"-?\d+\.\d+(?:[eE][-+]?\d+)?")]
    private static partial Regex Decimal();

    [GeneratedRegex(@"[eE][-+]?\d+")]
    private static partial Regex Exponent();
}
