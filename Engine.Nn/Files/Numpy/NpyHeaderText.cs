using System.Globalization;

namespace Engine.Nn;

/// <summary>The text of an array's header: a Python dictionary with the keys descr, fortran_order and shape, in any order.</summary>
internal sealed class NpyHeaderText(string text, Func<string, Exception?, EngineException> damaged)
{
    private int _at;

    public NpyHeader Parse(int headerBytes)
    {
        string? type = null;
        bool? isFortran = null;
        Shape? shape = null;
        Expect('{');
        while (!Accept('}'))
        {
            string key = Quoted();
            Expect(':');
            switch (key)
            {
                case "descr" when type is null:
                    type = Peek() == '[' ? throw damaged($"it holds records ({FileText.Quote(text[_at..])}), which are not read. Save its fields as arrays of their own", null) : Quoted();
                    break;
                case "fortran_order" when isFortran is null:
                    isFortran = Truth();
                    break;
                case "shape" when shape is null:
                    shape = Tuple();
                    break;
                default:
                    throw damaged($"its header has the key {FileText.Quote(key)} once too often", null);
            }

            if (!Accept(','))
            {
                Expect('}');
                break;
            }
        }

        if (type is null || isFortran is null || shape is null || text[_at..].Trim().Length > 0)
        {
            throw Wrong();
        }

        (char kind, int bytes, bool isBig) = Type(type);
        return new NpyHeader(kind, bytes, isBig, isFortran.Value, shape.Value, headerBytes);
    }

    private (char Kind, int Bytes, bool IsBig) Type(string type)
    {
        bool isKnown = type.Length is 3 && type[0] is '<' or '>' or '|' or '=' && (type[1], type[2]) is ('b', '1') or ('i' or 'u', '1' or '2' or '4' or '8') or ('f', '2' or '4' or '8');
        if (isKnown && type[1..] != "u8")
        {
            return (type[1], type[2] - '0', type[0] == '>');
        }

        string what = type.Length > 1 ? type[1] switch
        {
            'O' => "Python objects, which are code",
            'c' => "complex numbers",
            'U' or 'S' => "texts",
            'M' or 'm' => "dates",
            'V' => "records",
            'u' => "unsigned 64-bit numbers",
            _ => "a type that is not known",
        }
        : "a type that is not known";
        throw damaged($"its elements are {FileText.Quote(type)}: {what}. Numbers are read: b1, i1, i2, i4, i8, u1, u2, u4, f2, f4, f8 of both byte orders", null);
    }

    private Shape Tuple()
    {
        List<int> sizes = [];
        Expect('(');
        while (!Accept(')'))
        {
            int start = _at;
            while (_at < text.Length && char.IsAsciiDigit(text[_at]))
            {
                _at++;
            }

            if (sizes.Count == Shape.MaxRank || !int.TryParse(text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out int size))
            {
                throw damaged($"its shape does not have at most {Shape.MaxRank} sizes from 0 to {int.MaxValue:N0}", null);
            }

            sizes.Add(size);

            // Python 2 wrote long numbers with an L.
            Accept('L');
            if (!Accept(','))
            {
                Expect(')');
                break;
            }
        }

        return Shape.IsCountable([.. sizes]) ? new Shape([.. sizes]) : throw damaged("its shape has more elements than can be counted", null);
    }

    private bool Truth()
    {
        SkipBlanks();
        foreach ((string word, bool value) in ((string, bool)[])[("True", true), ("False", false)])
        {
            if (text.AsSpan(_at).StartsWith(word, StringComparison.Ordinal))
            {
                _at += word.Length;
                return value;
            }
        }

        throw Wrong();
    }

    private string Quoted()
    {
        char quote = Peek();
        int end = quote is '\'' or '"' ? text.IndexOf(quote, _at + 1) : -1;
        if (end < 0)
        {
            throw Wrong();
        }

        string value = text[(_at + 1)..end];
        _at = end + 1;
        return value;
    }

    private char Peek()
    {
        SkipBlanks();
        return _at < text.Length ? text[_at] : throw Wrong();
    }

    private bool Accept(char expected)
    {
        if (Peek() != expected)
        {
            return false;
        }

        _at++;
        SkipBlanks();
        return true;
    }

    private void Expect(char expected)
    {
        if (!Accept(expected))
        {
            throw Wrong();
        }
    }

    private void SkipBlanks()
    {
        while (_at < text.Length && text[_at] is ' ' or '\n' or '\t')
        {
            _at++;
        }
    }

    private EngineException Wrong() => damaged($"its header is not a dictionary of descr, fortran_order and shape: {FileText.Quote(text)}", null);
}
