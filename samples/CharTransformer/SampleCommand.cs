using System.Diagnostics;

namespace CharTransformerSample;

/// <summary>Writes on from a prompt, to the console as it goes.</summary>
internal static class SampleCommand
{
    public static void Run(string folder, string prompt, int length, SampleOptions options)
    {
        (CharTransformer model, Vocabulary vocabulary) = ModelFile.Load(folder);
        Stopwatch watch = Stopwatch.StartNew();
        Console.Write(prompt);
        foreach (char c in new CharWriter(model, vocabulary, options).Write(prompt).Take(length))
        {
            Console.Write(c);
        }

        Console.WriteLine();
        Console.Error.WriteLine($"{length / watch.Elapsed.TotalSeconds:f0} characters/s");
    }
}
