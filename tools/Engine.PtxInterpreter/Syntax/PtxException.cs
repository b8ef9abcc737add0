namespace Engine.PtxInterpreter;

/// <summary>The text of a module is wrong; the message begins with the line, as the messages of an assembler do.</summary>
internal sealed class PtxException(int line, string message) : Exception($"line {line}: {message}")
{
    public int Line { get; } = line;
}
