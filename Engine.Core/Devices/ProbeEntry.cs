namespace Engine;

/// <summary>One attempt to find devices.</summary>
/// <param name="Provider">Which backend looked: <c>Engine.Cpu</c>, <c>Engine.Gpu</c> …</param>
/// <param name="Tried">The object of the search: a library, a platform, an instruction set.</param>
/// <param name="Found">Whether that was there.</param>
/// <param name="Detail">The device that was found, or the error and a remedy.</param>
public sealed record ProbeEntry(string Provider, string Tried, bool Found, string Detail);
