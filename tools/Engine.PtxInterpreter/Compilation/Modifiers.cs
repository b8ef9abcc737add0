namespace Engine.PtxInterpreter;

/// <summary>Reads the modifiers of an instruction in the order that the language prescribes; what is left over is an error.</summary>
internal sealed class Modifiers(PtxInstruction instruction)
{
    private int _at;

    /// <summary>Takes a modifier if it stands here.</summary>
    public bool Take(string name)
    {
        if (_at < instruction.Modifiers.Count && instruction.Modifiers[_at] == name)
        {
            _at++;
            return true;
        }

        return false;
    }

    /// <summary>Takes one of several modifiers; null if none of them stands here.</summary>
    public string? TakeAny(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (Take(name))
            {
                return name;
            }
        }

        return null;
    }

    /// <summary>Takes one of several modifiers, which must stand here.</summary>
    public string Expect(params ReadOnlySpan<string> names) =>
        TakeAny(names) ?? throw new PtxException(instruction.Line, $"{instruction.Name}: expected .{string.Join(" or .", names)} {Here}");

    /// <summary>Takes any modifier, which must stand here.</summary>
    public string Next(string what) =>
        _at < instruction.Modifiers.Count ? instruction.Modifiers[_at++] : throw new PtxException(instruction.Line, $"{instruction.Name}: expected {what} {Here}");

    /// <summary>Takes a type, which must be one of those given.</summary>
    public PtxType Type(params ReadOnlySpan<PtxType> allowed)
    {
        if (_at < instruction.Modifiers.Count && PtxTypes.TryParse(instruction.Modifiers[_at], out PtxType type) && allowed.Contains(type))
        {
            _at++;
            return type;
        }

        throw new PtxException(instruction.Line, $"{instruction.Name}: expected a type of {string.Join(", ", allowed.ToArray().Select(t => t.Name()))} {Here}");
    }

    /// <summary>Nothing may be left.</summary>
    public void End(int operands)
    {
        if (_at < instruction.Modifiers.Count)
        {
            throw new PtxException(instruction.Line, $"{instruction.Name}: .{instruction.Modifiers[_at]} is not known or not allowed there");
        }

        if (instruction.Operands.Count != operands)
        {
            throw new PtxException(instruction.Line, $"{instruction.Name} takes {operands} operands, not {instruction.Operands.Count}");
        }
    }

    private string Here => _at < instruction.Modifiers.Count ? $"where .{instruction.Modifiers[_at]} stands" : "at the end";
}
