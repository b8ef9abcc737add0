using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Data.Tables;

/// <summary>
/// Reads the numbers that files are full of: digits with a point among them, without exponent, whose digits are below 2⁵³ and of which at most 22 stand behind the point.
/// Then digits and power of ten are exact, and one division rounds once (Clinger, "How to read floating point numbers accurately", 1990). Others are left to a
/// general parser.
/// </summary>
internal static class CsvNumber
{
    // As many digits as an ulong holds, whatever they are.
    private const int MaxDigits = 19;
    private const ulong MaxExact = 1UL << 53;

    private static ReadOnlySpan<double> PowersOfTen =>
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>Reads a number of this form; false says nothing of other forms.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryReadPlain(ReadOnlySpan<char> text, out double value)
    {
        ref char first = ref MemoryMarshal.GetReference(text);
        int at = 0, length = text.Length;
        bool isNegative = length > 0 && first == '-';
        if (isNegative)
        {
            at = 1;
        }

        int begin = at;
        ulong digits = 0;
        if (length - begin > MaxDigits + 1)
        {
            value = 0;
            return false;
        }

        for (uint digit; at < length && (digit = (uint)(Unsafe.Add(ref first, at) - '0')) <= 9; at++)
        {
            digits = (digits * 10) + digit;
        }

        int count = at - begin, behind = 0;
        if (at < length && Unsafe.Add(ref first, at) == '.')
        {
            int point = ++at;
            for (uint digit; at < length && (digit = (uint)(Unsafe.Add(ref first, at) - '0')) <= 9; at++)
            {
                digits = (digits * 10) + digit;
            }

            behind = at - point;
            count += behind;
        }

        if (at != length || count == 0 || count > MaxDigits || digits > MaxExact)
        {
            value = 0;
            return false;
        }

        value = digits / PowersOfTen[behind];
        value = isNegative ? -value : value;
        return true;
    }
}
