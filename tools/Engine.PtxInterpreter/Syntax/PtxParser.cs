using System.Globalization;

namespace Engine.PtxInterpreter;

/// <summary>Reads a module: header, entry points, declarations. Instructions are in the other part.</summary>
internal sealed partial class PtxParser
{
    /// <summary>Most static shared memory that a module may declare.</summary>
    public const int MaxStaticSharedBytes = 48 * 1024;

    /// <summary>Most threads of a block.</summary>
    public const int MaxGroupThreads = 1024;

    private readonly List<PtxToken> _tokens;
    private readonly Dictionary<string, PtxShared> _moduleShared = [];
    private readonly Dictionary<string, PtxFunction> _functions = [];
    private int _moduleSharedBytes;
    private int _at;
    private int _version;
    private int _target;
    private bool _isArchitectureSpecific;

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

        List<PtxFunction> entries = [];
        while (Current.Kind != PtxTokenKind.End)
        {
            PtxToken token = Expect(PtxTokenKind.Dotted, ".visible, .extern or .shared");
            switch (token.Text)
            {
                case "visible" when Current.Text == "entry":
                    Next();
                    PtxFunction entry = Entry();
                    if (entries.Exists(other => other.Name == entry.Name))
                    {
                        throw new PtxException(token.Line, $"entry {entry.Name} is declared twice");
                    }

                    entries.Add(entry);
                    break;
                case "visible" or "extern" or "weak" when Current is { Kind: PtxTokenKind.Dotted, Text: "func" }:
                    Next();
                    Function();
                    break;
                case "func":
                    Function();
                    break;
                case "visible":
                    ExpectDirective("entry");
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

        return new PtxModule(_version, _target, _isArchitectureSpecific, [.. entries.Select(entry => PtxInliner.Inline(entry, _functions, _moduleShared, _moduleSharedBytes))]);
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
        _isArchitectureSpecific = token.Text.EndsWith('a');
        if (_isArchitectureSpecific)
        {
            least = number == "90" ? 80 : Math.Max(least, 86);
        }

        return _version >= least
            ? int.Parse(number, CultureInfo.InvariantCulture)
            : throw new PtxException(token.Line, $".target {token.Text} needs .version {least / 10}.{least % 10} or later");
    }

    private PtxFunction Entry()
    {
        PtxToken name = Expect(PtxTokenKind.Name, "the name of the entry");
        List<PtxParameter> parameters = [];
        int parameterBytes = Current is { Kind: PtxTokenKind.Punctuation, Text: "(" } ? Parameters(parameters) : 0;
        if (parameterBytes > 4096)
        {
            throw new PtxException(name.Line, $"entry {name.Text} has {parameterBytes} bytes of parameters, more than 4096");
        }

        (BlockShape? required, int maxThreads) = Groups(name);
        return Body(name, parameters, parameterBytes, result: null, required, maxThreads);
    }

    /// <summary>A function, declared or defined.</summary>
    private void Function()
    {
        List<PtxParameter> results = [];
        if (Current is { Kind: PtxTokenKind.Punctuation, Text: "(" })
        {
            Parameters(results);
        }

        PtxToken name = Expect(PtxTokenKind.Name, "the name of the function");
        if (results.Count > 1)
        {
            throw new PtxException(name.Line, $"function {name.Text} returns {results.Count} values; one is supported");
        }

        List<PtxParameter> parameters = [];
        int parameterBytes = Parameters(parameters);
        PtxParameter? result = results.Count == 1 ? results[0] : null;
        bool isDeclared = Take(";");
        PtxFunction function = isDeclared
            ? new PtxFunction { Name = name.Text, Line = name.Line, Parameters = parameters, ParameterBytes = parameterBytes, Result = result }
            : Body(name, parameters, parameterBytes, result, required: null, maxThreads: 0);
        if (_functions.TryGetValue(name.Text, out PtxFunction? earlier))
        {
            if (!isDeclared && earlier.Body != null)
            {
                throw new PtxException(name.Line, $"function {name.Text} is defined twice");
            }

            if (isDeclared)
            {
                return;
            }
        }

        _functions[name.Text] = function;
    }

    /// <summary>A list of parameters in parentheses.</summary>
    /// <returns>Their bytes.</returns>
    private int Parameters(List<PtxParameter> parameters)
    {
        int bytes = 0;
        ExpectPunctuation("(");
        while (!Take(")"))
        {
            if (parameters.Count > 0)
            {
                ExpectPunctuation(",");
            }

            ExpectDirective("param");
            (PtxToken name, PtxType type, int size, int alignment) = Variable("a parameter");
            if (parameters.Exists(other => other.Name == name.Text))
            {
                throw new PtxException(name.Line, $"parameter {name.Text} is declared twice");
            }

            bytes = Align(bytes, alignment);
            parameters.Add(new PtxParameter(name.Text, type, bytes, size));
            bytes += size;
        }

        return bytes;
    }

    /// <summary>A parameter or a variable in local memory: alignment, type, name and perhaps a number of elements.</summary>
    private (PtxToken Name, PtxType Type, int Bytes, int Alignment) Variable(string what)
    {
        int alignment = Alignment();
        (PtxType type, int line) = Type();
        PtxToken name = Expect(PtxTokenKind.Name, $"the name of {what}");
        if (type is PtxType.Pred or PtxType.F16x2 or PtxType.BF16 or PtxType.BF16x2 or PtxType.TF32)
        {
            throw new PtxException(line, $"{what[(what.IndexOf(' ', StringComparison.Ordinal) + 1)..]} {name.Text} cannot be {type.Name()}");
        }

        int count = 1;
        if (Take("["))
        {
            count = PositiveNumber();
            ExpectPunctuation("]");
        }

        return (name, type, checked(count * type.Bytes()), Math.Max(alignment, type.Bytes()));
    }

    /// <summary>An alignment, if one stands here; else 0.</summary>
    private int Alignment()
    {
        if (Current is not { Kind: PtxTokenKind.Dotted, Text: "align" })
        {
            return 0;
        }

        Next();
        int line = Current.Line;
        int alignment = PositiveNumber();
        return int.IsPow2(alignment) && alignment <= 1024 ? alignment : throw new PtxException(line, $".align {alignment} is not a power of two up to 1024");
    }

    private (BlockShape? Required, int MaxThreads) Groups(PtxToken name)
    {
        BlockShape? required = null;
        int limit = 0;
        bool hasMinimum = false;
        while (Current.Kind == PtxTokenKind.Dotted)
        {
            PtxToken directive = Next();
            List<int> numbers = [PositiveNumber()];
            while (Take(","))
            {
                numbers.Add(PositiveNumber());
            }

            switch (directive.Text)
            {
                case "reqntid" when required == null && numbers.Count <= 3:
                    required = new BlockShape(numbers[0], numbers.ElementAtOrDefault(1) is > 0 and int y ? y : 1, numbers.ElementAtOrDefault(2) is > 0 and int z ? z : 1);
                    break;
                case "maxntid" when limit == 0 && numbers.Count <= 3:
                    limit = numbers.Aggregate(1, static (product, number) => checked(product * number));
                    break;
                case "minnctapersm" when !hasMinimum && numbers.Count == 1:
                    hasMinimum = true;
                    break;
                case "maxnreg" when numbers.Count == 1:
                    break;
                default:
                    throw new PtxException(directive.Line, $"directive .{directive.Text} is not known here, is repeated or has too many numbers");
            }
        }

        if (required is { } group)
        {
            return limit > 0 ? throw new PtxException(name.Line, $"entry {name.Text} has both .reqntid and .maxntid")
                : group.Threads > MaxGroupThreads ? throw new PtxException(name.Line, $".reqntid {group} is more than {MaxGroupThreads} threads")
                : (group, group.Threads);
        }

        return (null, limit == 0 ? MaxGroupThreads : Math.Min(limit, MaxGroupThreads));
    }

    private int PositiveNumber()
    {
        PtxToken token = Expect(PtxTokenKind.Number, "a number");
        return int.TryParse(token.Text, out int value) && value > 0 ? value : throw new PtxException(token.Line, $"{token.Text} is not a positive number");
    }

    private void Shared(Dictionary<string, PtxShared> variables, ref int bytes, bool isExtern)
    {
        int alignment = Alignment();
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

    public static int Align(int offset, int alignment) => (offset + alignment - 1) / alignment * alignment;

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
