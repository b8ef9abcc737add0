using System.CommandLine;
using CharTransformerSample;
using Engine;

// A transformer that learns to write a text character by character, and writes on from a prompt.
//
//     dotnet run -c Release --project samples/CharTransformer -- train
//     dotnet run -c Release --project samples/CharTransformer -- sample --prompt "The gradient "
Option<string> device = new("--device") { Description = "auto, cpu, cuda[:n] or opencl[:n]", DefaultValueFactory = static _ => "auto", Recursive = true };
Option<string> folder = new("--out") { Description = "Folder of the model and its checkpoints", DefaultValueFactory = static _ => Path.Combine("runs", "char-transformer"), Recursive = true };
Option<long> seed = new("--seed") { Description = "Decides everything random: same seed, device and threads, same text", Recursive = true };

Option<string> text = new("--text") { Description = "A text file, or a folder of .md and .txt files", DefaultValueFactory = static _ => Path.Combine(AppContext.BaseDirectory, "text") };
Option<int> epochs = new("--epochs") { Description = "How often to read the text", DefaultValueFactory = static _ => 8 };
Option<int?> steps = new("--steps") { Description = "End after so many steps" };
Option<bool> resume = new("--resume") { Description = "Go on from the last checkpoint in --out" };
Command train = new("train", "Trains a model.") { text, epochs, steps, resume };
train.SetAction(result => Guarded(result, () => TrainCommand.Run(new TrainOptions(
    result.GetRequiredValue(folder), result.GetRequiredValue(text), result.GetValue(epochs), result.GetValue(steps), result.GetValue(resume), result.GetValue(seed)))));

Option<string> prompt = new("--prompt") { Description = "The beginning of the text", DefaultValueFactory = static _ => "The " };
Option<int> length = new("--length") { Description = "How many characters to write", DefaultValueFactory = static _ => 500 };
Option<double> temperature = new("--temperature") { Description = "Below 1 prefers what is likely, 0 takes the likeliest", DefaultValueFactory = static _ => 0.7 };
Option<int> topK = new("--top-k") { Description = "Draw from the k likeliest characters; 0 for all" };
Option<double> topP = new("--top-p") { Description = "Draw from the likeliest characters that make up this probability", DefaultValueFactory = static _ => 0.95 };
Option<bool> noCache = new("--no-cache") { Description = "Compute all characters anew for each one: the same text, slower" };
Command sample = new("sample", "Writes on from a prompt.") { prompt, length, temperature, topK, topP, noCache };
sample.SetAction(result => Guarded(result, () => SampleCommand.Run(
    result.GetRequiredValue(folder),
    result.GetRequiredValue(prompt),
    result.GetValue(length),
    new SampleOptions(result.GetValue(temperature), result.GetValue(topK), result.GetValue(topP), result.GetValue(seed), UseCache: !result.GetValue(noCache)))));

// Ctrl+C and errors are ours.
return new RootCommand("A character-level transformer.") { device, folder, seed, train, sample }.Parse(args).Invoke(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });

// What a user can put right is told in a line.
int Guarded(ParseResult result, Action command)
{
    try
    {
        Device.Default = Device.Get(result.GetRequiredValue(device));
        command();
        return 0;
    }
    catch (Exception error) when (error is EngineException or IOException or UnauthorizedAccessException or ArgumentException)
    {
        Console.Error.WriteLine($"error: {error.Message}");
        return 1;
    }
    catch (OperationCanceledException)
    {
        Console.Error.WriteLine("interrupted; the same command with --resume goes on");
        return 130;
    }
}
