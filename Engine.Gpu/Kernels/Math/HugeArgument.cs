namespace Engine.Gpu;

/// <summary>x modulo π/2 for large x, exactly, in integers (Payne and Hanek's way).</summary>
/// <remarks>
/// x is M · 2ᵉ with an integer M. Of the digits of 2/π, those that make x · 2/π a multiple of 4 are skipped; the next few times M are the
/// quadrant and as many bits of the rest as the type can hold even where x is as near to a multiple of π/2 as its numbers come.
/// </remarks>
internal static class HugeArgument
{
    private const double TwoToMinus64 = 1 / 18446744073709551616.0;

    // 2/π after the point, 32 bits a word: enough for the largest double.
    private static readonly uint[] s_twoOverPi =
    [
        0xA2F9836E, 0x4E441529, 0xFC2757D1, 0xF534DDC0, 0xDB629599, 0x3C439041, 0xFE5163AB, 0xDEBBC561, 0xB7246E3A,
        0x424DD2E0, 0x06492EEA, 0x09D1921C, 0xFE1DEB1C, 0xB129A73E, 0xE88235F5, 0x2EBB4484, 0xE99C7026, 0xB45F7E41,
        0x3991D639, 0x835339F4, 0x9C845F8B, 0xBDF9283B, 0x1FF897FF, 0xDE05980F, 0xEF2F118B, 0x5A0A6D1F, 0x6D367ECF,
        0x27CB09B7, 0x4F463F66, 0x9E5FEA2D, 0x7527BAC7, 0xEBE5F17B, 0x3D0739F7, 0x8A5292EA, 0x6BFB5FB1, 0x1F8D5D08,
    ];

    /// <summary>r in [−π/4, π/4] and a number that is congruent to the quadrant modulo 4; |x| is at least 65536 (single) or 2³⁰ (double).</summary>
    public static (Value R, Value Quadrant) Reduce(KernelBuilder k, Value x)
    {
        bool single = x.Type == RegisterType.Float32;
        Value[] mantissa;
        Value exponent;
        if (single)
        {
            Value bits = x.As(RegisterType.UInt32);
            mantissa = [(bits << 8) | k.UInt32(0x80000000)];
            exponent = ((bits >> 23) & k.UInt32(0xFF)).As(RegisterType.Int32) - 128;
        }
        else
        {
            Value bits = x.As(RegisterType.Int64);
            Value high = (bits >> 32).To(RegisterType.UInt32), low = bits.To(RegisterType.UInt32);
            mantissa = [(high << 11) | (low >> 21) | k.UInt32(0x80000000), low << 11];
            exponent = ((high >> 20) & k.UInt32(0x7FF)).As(RegisterType.Int32) - 1024;
        }

        // The product has 2 bits before the point and 62 or 126 after it.
        int words = 2 * mantissa.Length;
        Value[] product = Product(k, mantissa, Window(k, exponent, mantissa.Length, words + mantissa.Length), words);
        Value quadrant = ((product[0] + k.UInt32(0x20000000)) >> 30).As(RegisterType.Int32);
        Value[] rest = new Value[words];
        for (int i = 0; i < words; i++)
        {
            rest[i] = i + 1 < words ? (product[i] << 2) | (product[i + 1] >> 30) : product[i] << 2;
        }

        Value r = single ? ToSingle(k, rest) : ToDouble(rest);
        Value infinite = k.Unary(Opcode.Abs, x).Is(double.PositiveInfinity);
        return (k.Select(infinite, x - x, k.Select(x < 0, -r, r)), k.Select(x < 0, -quadrant, quadrant));
    }

    /// <summary>Words of 2/π from bit <paramref name="position"/> on, where so many words of zeros stand before its digits.</summary>
    private static Value[] Window(KernelBuilder k, Value position, int zeros, int count)
    {
        int last = zeros == 1 ? 3 : 31;
        Value word = position >> 5, bit = position & 31;
        Value[] digits = [.. Enumerable.Range(0, last + count + 1).Select(i => k.UInt32(i < zeros ? 0 : s_twoOverPi[i - zeros]))];
        for (int step = (last + 1) / 2; step > 0; step /= 2)
        {
            Value skips = (word & step).IsNot(0);
            digits = [.. Enumerable.Range(0, digits.Length - step).Select(i => k.Select(skips, digits[i + step], digits[i]))];
        }

        return [.. Enumerable.Range(0, count).Select(i => (digits[i] << bit) | (digits[i + 1] >> 1 >> (31 - bit)))];
    }

    /// <summary>The leading words of the product, without the words that overflow; one word beyond them is summed for its carry.</summary>
    private static Value[] Product(KernelBuilder k, Value[] mantissa, Value[] window, int words)
    {
        var product = new Value[words];
        Value carry = k.Int64(0);
        for (int column = words; column >= 0; column--)
        {
            Value sum = carry;
            for (int i = 0; i < mantissa.Length; i++)
            {
                int partner = column + mantissa.Length - 1 - i;
                sum += (mantissa[i] * window[partner]).To(RegisterType.Int64);
                if (partner + 1 < window.Length)
                {
                    sum += k.MulHigh(mantissa[i], window[partner + 1]).To(RegisterType.Int64);
                }
            }

            if (column < words)
            {
                product[column] = sum.To(RegisterType.UInt32);
            }

            carry = sum >> 32;
        }

        return product;
    }

    // A signed fraction of π/2 with 64 bits; float32 alone would round three times.
    private static Value ToSingle(KernelBuilder k, Value[] rest) =>
        (Signed(rest).To(k.Target.HasFloat64 ? RegisterType.Float64 : RegisterType.Float32) * (System.Math.PI / 2 * TwoToMinus64)).To(RegisterType.Float32);

    // The same with 128 bits: near a multiple of π/2 the digits that count come late.
    private static Value ToDouble(Value[] rest)
    {
        Value high = Signed(rest);
        Value leading = high.To(RegisterType.Float64);
        Value middle = (high - leading.To(RegisterType.Int64)).To(RegisterType.Float64);
        Value low = (rest[2].To(RegisterType.Float64) * 4294967296.0) + rest[3].To(RegisterType.Float64);
        return (leading + (middle + (low * TwoToMinus64))) * (System.Math.PI / 2 * TwoToMinus64);
    }

    private static Value Signed(Value[] words) => (words[0].To(RegisterType.Int64) << 32) | words[1].To(RegisterType.Int64);
}
