using System.Globalization;

namespace Engine.PtxInterpreter;

/// <summary>Reads a module: header, entry points, declarations. Instructions are in the other part.</summary>
internal sealed partial class PtxParser
{
    /// <summary>Most static shared memory that a module may declare.</summary>
    private const int MaxStaticSharedBytes = 48 * 1024;

    private readonly List<PtxToken> _tokens;
    private readonly Dictionary<string, PtxShared> _moduleShared = [];
    private int _moduleSharedBytes;
    private int _at;
    private int _version;
    private int _target;

    private PtxParser(string text) => _tokens = PtxLexer.Split(text);

    /// <summary>Parses a module.</summary>
    /// <exception cref="PtxException">With the line.</exception>
    public static PtxModule Parse(string text) => new PtxParser(text).Module();

    private PtxToken Current => _tokens[_at];

    private PtxModule Module()
    {
        ExpectDirective("version");
        _version = Version(Expect(PtxTokenKind.Number, "a version such as 7.0"));
        ExpectDirective("target");
        _target = Target(Expect(PtxTokenKind.Name, "a target such as sm_80"));
        ExpectDirective("address_size");
        PtxToken size = Expect(PtxTokenKind.Number, "64");
        if (size.Text != "64")
        {
            throw new PtxException(size.Line, ".address_size must be 64");
        }

        List<PtxKernel> kernels = [];
        while (Current.Kind != PtxTokenKind.End)
        {
            PtxToken token = Expect(PtxTokenKind.Dotted, ".visible, .extern or .shared");
            switch (token.Text)
            {
                case "visible":
                    ExpectDirective("entry");
                    PtxKernel kernel = Kernel();
                    if (kernels.Exists(other => other.Name == kernel.Name))
                    {
                        throw new PtxException(token.Line, $"entry {kernel.Name} is declared twice");
                    }

                    kernels.Add(kernel);
                    break;
                case "extern":
                    ExpectDirective("shared");
                    Shared(_moduleShared, ref _moduleSharedBytes, isExtern: true);
                    break;
                case "shared":
                    Shared(_moduleShared, ref _moduleSharedBytes, isExtern: false);
                    break;
                default:
                    throw new PtxException(token.Line, $"directive .{token.Text} is not known here");
            }
        }

        return new PtxModule(_version, _target, kernels);
    }

    private static int Version(PtxToken token)
    {
        string[] parts = token.Text.Split('.');
        return parts.Length == 2 && int.TryParse(parts[0], out int major) && int.TryParse(parts[1], out int minor) && major is >= 6 and <= 9 && minor is >= 0 and <= 9
            ? (major * 10) + minor
            : throw new PtxException(token.Line, $".version {token.Text} is not known");
    }

    private int Target(PtxToken token)
    {
        string number = token.Text.StartsWith("sm_", StringComparison.Ordinal) ? token.Text[3..].TrimEnd('a') : "";
        int least = number switch
        {
            "50" or "52" or "53" or "60" or "61" or "62" or "70" => 60,
            "72" => 61,
            "75" => 63,
            "80" => 70,
            "86" => 71,
            "87" => 74,
            "89" or "90" => 78,
            "100" => 86,
            "120" => 87,
            _ => throw new PtxException(token.Line, $".target {token.Text} is not known"),
        };
        return _version >= least
            ? int.Parse(number, CultureInfo.InvariantCulture)
            : throw new PtxException(token.Line, $".target {token.Text} needs .version {least / 10}.{least % 10} or later");
    }

    private PtxKernel Kernel()
    {
        PtxToken name = Expect(PtxTokenKind.Name, "the name of the entry");
        List<PtxParameter> parameters = [];
        int parameterBytes = 0;
        if (Take("("))
        {
            while (!Take(")"))
            {
                if (parameters.Count > 0)
                {
                    ExpectPunctuation(",");
                }

                ExpectDirective("param");
                (PtxType type, int line) = Type();
                PtxToken parameter = Expect(PtxTokenKind.Name, "the name of a parameter");
                if (type == PtxType.Pred || type is PtxType.F16x2 or PtxType.BF16 or PtxType.BF16x2 or PtxType.TF32)
                {
                    throw new PtxException(line, $"parameter {parameter.Text} cannot be {type.Name()}");
                }

                if (parameters.Exists(other => other.Name == parameter.Text))
                {
                    throw new PtxException(line, $"parameter {parameter.Text} is declared twice");
                }

                parameterBytes = Align(parameterBytes, type.Bytes());
                parameters.Add(new PtxParameter(parameter.Text, type, parameterBytes));
                parameterBytes += type.Bytes();
            }
        }

        if (parameterBytes > 4096)
        {
            throw new PtxException(name.Line, $"entry {name.Text} has {parameterBytes} bytes of parameters, more than 4096");
        }

        int groupSize = GroupSize(name);
        return Body(name, groupSize, parameters, parameterBytes);
    }

    private int GroupSize(PtxToken name)
    {
        int groupSize = 0;
        int limit = 0;
        bool hasMinimum = false;
        while (Current.Kind == PtxTokenKind.Dotted)
        {
            PtxToken directive = Next();
            int first = PositiveNumber();
            int product = first;
            int numbers = 1;
            while (Take(","))
            {
                product *= PositiveNumber();
                numbers++;
            }

            switch (directive.Text)
            {
                case "reqntid" when groupSize == 0 && numbers <= 3:
                    if (product != first)
                    {
                        throw new PtxException(directive.Line, "only one-dimensional groups are supported");
                    }

                    groupSize = product;
                    break;
                case "maxntid" when limit == 0 && numbers <= 3:
                    limit = product;
                    break;
                case "minnctapersm" when !hasMinimum && numbers == 1:
                    hasMinimum = true;
                    break;
                case "maxnreg" when numbers == 1:
                    break;
                default:
                    throw new PtxException(directive.Line, $"directive .{directive.Text} is not known here, is repeated or has too many numbers");
            }
        }

        if (groupSize == 0)
        {
            throw new PtxException(name.Line, $"entry {name.Text} has no .reqntid; without it a launch can fail for want of registers");
        }

        if (limit > 0)
        {
            throw new PtxException(name.Line, $"entry {name.Text} has both .reqntid and .maxntid");
        }

        return groupSize <= 1024 ? groupSize : throw new PtxException(name.Line, $".reqntid {groupSize} is more than 1024 threads");
    }

    private int PositiveNumber()
    {
        PtxToken token = Expect(PtxTokenKind.Number, "a number");
        return int.TryParse(token.Text, out int value) && value > 0 ? value : throw new PtxException(token.Line, $"{token.Text} is not a positive number");
    }

    private void Shared(Dictionary<string, PtxShared> variables, ref int bytes, bool isExtern)
    {
        int alignment = 0;
        if (Current is { Kind: PtxTokenKind.Dotted, Text: "align" })
        {
            Next();
            alignment = PositiveNumber();
            if (!int.IsPow2(alignment) || alignment > 1024)
            {
                throw new PtxException(Current.Line, $".align {alignment} is not a power of two up to 1024");
            }
        }

        (PtxType type, int line) = Type();
        if (type == PtxType.Pred)
        {
            throw new PtxException(line, "predicates cannot live in memory");
        }

        PtxToken name = Expect(PtxTokenKind.Name, "the name of a shared variable");
        int count = 1;
        bool hasSize = !isExtern;
        if (Take("["))
        {
            hasSize = Current.Kind == PtxTokenKind.Number;
            count = hasSize ? PositiveNumber() : 0;
            ExpectPunctuation("]");
        }

        ExpectPunctuation(";");
        if (isExtern == hasSize)
        {
            throw new PtxException(line, $"shared variable {name.Text}: an extern array has no size, any other has one");
        }

        if (variables.ContainsKey(name.Text) || _moduleShared.ContainsKey(name.Text))
        {
            throw new PtxException(line, $"shared variable {name.Text} is declared twice");
        }

        alignment = Math.Max(alignment, type.Bytes());
        if (isExtern)
        {
            variables.Add(name.Text, new PtxShared(name.Text, 0, 0, alignment, IsExtern: true));
            return;
        }

        bytes = Align(bytes, alignment);
        variables.Add(name.Text, new PtxShared(name.Text, bytes, count * type.Bytes(), alignment, IsExtern: false));
        bytes += count * type.Bytes();
        if (bytes > MaxStaticSharedBytes)
        {
            throw new PtxException(line, $"shared variables take {bytes} bytes, more than {MaxStaticSharedBytes}; more has to be asked for at the launch");
        }
    }

    private (PtxType Type, int Line) Type()
    {
        PtxToken token = Expect(PtxTokenKind.Dotted, "a type");
        return PtxTypes.TryParse(token.Text, out PtxType type) ? (type, token.Line) : throw new PtxException(token.Line, $".{token.Text} is not a type");
    }

    private static int Align(int offset, int alignment) => (offset + alignment - 1) / alignment * alignment;

    private PtxToken Next() => _tokens[_at++];

    private bool Take(string punctuation)
    {
        if (Current.Kind == PtxTokenKind.Punctuation && Current.Text == punctuation)
        {
            _at++;
            return true;
        }

        return false;
    }

    private PtxToken Expect(PtxTokenKind kind, string what) =>
        Current.Kind == kind ? Next() : throw new PtxException(Current.Line, $"expected {what}, found '{Current.Text}'");

    private void ExpectPunctuation(string text)
    {
        if (!Take(text))
        {
            throw new PtxException(Current.Line, $"expected '{text}', found '{Current.Text}'");
        }
    }

    private void ExpectDirective(string name)
    {
        PtxToken token = Expect(PtxTokenKind.Dotted, "." + name);
        if (token.Text != name)
        {
            throw new PtxException(token.Line, $"expected .{name}, found .{token.Text}");
        }
    }
}
