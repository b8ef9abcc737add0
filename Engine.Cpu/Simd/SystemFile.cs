namespace Engine.Cpu;

/// <summary>The short files in which Linux tells about processors.</summary>
internal static class SystemFile
{
    /// <summary>The text without white space around it; null where there is no such file, or none that may be read.</summary>
    public static string? Read(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
