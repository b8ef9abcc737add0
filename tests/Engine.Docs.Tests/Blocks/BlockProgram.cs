using System.Reflection;

namespace Engine.Docs.Tests.Blocks;

/// <summary>Runs a compiled program in this process, in a folder of its own, and returns what it wrote to the console.</summary>
internal static class BlockProgram
{
    public static string Run(MethodInfo main, string folder)
    {
        TextWriter console = Console.Out;
        string directory = Environment.CurrentDirectory;
        using StringWriter output = new();
        try
        {
            Console.SetOut(output);
            Environment.CurrentDirectory = folder;
            object? result = main.Invoke(null, BindingFlags.DoNotWrapExceptions, null, main.GetParameters().Length == 0 ? null : [Array.Empty<string>()], null);
            if (result is int code and not 0)
            {
                throw new InvalidOperationException($"The program ended with {code} after writing\n{output}");
            }
        }
        finally
        {
            Environment.CurrentDirectory = directory;
            Console.SetOut(console);
        }

        return output.ToString().ReplaceLineEndings("\n");
    }
}
