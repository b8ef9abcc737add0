namespace Engine.Nn;

/// <summary>Where a trainer's progress is shown: the process's console, or a test's writer in its place.</summary>
/// <param name="Writer">The output.</param>
/// <param name="IsTerminal">Whether a line can be rewritten.</param>
/// <param name="Width">The columns of the terminal at this moment.</param>
internal sealed record ProgressConsole(TextWriter Writer, bool IsTerminal, Func<int> Width)
{
    private const int UsualWidth = 80;

    /// <summary>The console; null where there is none to speak of.</summary>
    public static ProgressConsole? Own()
    {
        try
        {
            return new ProgressConsole(Console.Out, !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb", ConsoleWidth);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            return null;
        }
    }

    private static int ConsoleWidth()
    {
        try
        {
            return Console.WindowWidth is > 0 and var width ? width : UsualWidth;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            return UsualWidth;
        }
    }
}
