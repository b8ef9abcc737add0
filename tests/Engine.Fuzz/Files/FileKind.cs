namespace Engine.Fuzz.Files;

/// <summary>A kind of file: what is damaged and who reads it.</summary>
/// <param name="Name">In messages.</param>
/// <param name="Share">How many of ten files are of this kind.</param>
/// <param name="Damage">The bytes of a damaged file.</param>
/// <param name="Read">Reads a file.</param>
/// <param name="Declared">The one exception that a damaged file may cause.</param>
/// <param name="Refused">What must hold after that.</param>
internal sealed record FileKind(string Name, int Share, Func<Random, byte[]> Damage, Action<string> Read, Type Declared, Action? Refused = null);
