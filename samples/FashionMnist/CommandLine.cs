using System.CommandLine;
using System.CommandLine.Parsing;
using Engine;
using Engine.Dashboard;
using Engine.Nn;

namespace FashionMnistSample;

/// <summary>The options of the command, each with its default and its range.</summary>
internal static class CommandLine
{
    private static readonly Option<string> s_device = new("--device")
    {
        HelpName = "name",
        Description = "auto, cpu, cuda[:n] or opencl[:n]",
        DefaultValueFactory = static _ => "auto",
    };

    private static readonly Option<int?> s_threads = Positive(new Option<int?>("--threads")
    {
        HelpName = "N",
        Description = "Threads of the CPU's kernels [default: one a processor]",
    });

    private static readonly Option<string> s_model = OneOf(Models.Names, new Option<string>("--model")
    {
        Description = $"The network: {string.Join(", ", Models.Names)}",
        HelpName = "name",
        DefaultValueFactory = static _ => "lenet5",
    });

    private static readonly Option<string?> s_recipe = Recipes(new Option<string?>("--recipe")
    {
        HelpName = "name",
        Description = $"Everything that a published result needs, in place of the defaults of --model, --epochs, --batch-size, --lr and --optimizer: {string.Join(", ", Recipe.All.Keys)}",
    });

    private static readonly Option<int> s_epochs = Positive(new Option<int>("--epochs")
    {
        HelpName = "N",
        Description = "How often to go through the training images, a resumed run's earlier epochs included",
        DefaultValueFactory = static _ => 10,
    });

    private static readonly Option<int> s_batchSize = Positive(new Option<int>("--batch-size")
    {
        HelpName = "N",
        Description = "Images in a mini-batch",
        DefaultValueFactory = static _ => 128,
    });

    private static readonly Option<double?> s_learningRate = new("--lr")
    {
        HelpName = "X",
        Description = "Learning rate [default: the optimizer's own, 0.001 for adam]",
        Validators = { static result => CheckLearningRate(result) },
    };

    private static readonly Option<string> s_optimizer = OneOf(Optimizers.Names, new Option<string>("--optimizer")
    {
        Description = $"How parameters follow their gradients: {string.Join(", ", Optimizers.Names)}",
        HelpName = "name",
        DefaultValueFactory = static _ => "adam",
    });

    private static readonly Option<long> s_seed = new("--seed")
    {
        HelpName = "N",
        Description = "Decides start values and the order of the images: same seed, device and threads, same bits",
        DefaultValueFactory = static _ => 0,
    };

    private static readonly Option<string> s_precision = OneOf(Precisions.Names, new Option<string>("--precision")
    {
        Description = "full, or products in half precision for cards with tensor cores: bf16, or fp16 with loss scaling",
        HelpName = "name",
        DefaultValueFactory = static _ => "full",
    });

    private static readonly Option<string?> s_kernels = Kernels(new Option<string?>("--kernels")
    {
        HelpName = "name",
        Description = "Whose kernels compute on CUDA and OpenCL: engine, or ilgpu for C# methods that ILGPU compiles [default: engine, or ENGINE_GPU_KERNELS]",
    });

    private static readonly Option<string?> s_data = new("--data")
    {
        HelpName = "DIR",
        Description = $"Folder with the four IDX files [default: {FashionMnist.EnvironmentVariable}, {FashionMnist.SystemDirectory} or the shipped 10,000 + 2,000 images]",
    };

    private static readonly Option<string?> s_out = new("--out")
    {
        HelpName = "DIR",
        Description = "Folder for metrics.json, report.html, model.safetensors and checkpoints; without --resume a run that it holds is replaced [default: a new one under runs/]",
    };

    private static readonly Option<bool> s_resume = new("--resume")
    {
        Description = "Go on from the last checkpoint in --out, or of the newest run under runs/",
    };

    private static readonly Option<int> s_checkpointEvery = new("--checkpoint-every")
    {
        HelpName = "N",
        Description = "Save a checkpoint every N steps too, not only after each epoch",
        Validators = { static result => CheckAtLeast(result, 0) },
    };

    private static readonly Option<int?> s_dashboard = new("--dashboard")
    {
        HelpName = "port",
        Arity = ArgumentArity.ZeroOrOne,
        Description = $"Show the run in the browser while it goes on, on this computer alone; 0 for any free port [default port: {LiveDashboard.DefaultPort}]",
        Validators = { static result => CheckAtLeast(result, 0), static result => CheckAtMost(result, ushort.MaxValue) },
    };

    public static RootCommand Build()
    {
        RootCommand root = new("Trains a network on Fashion-MNIST and reports its test accuracy.")
        {
            s_device, s_threads, s_model, s_recipe, s_epochs, s_batchSize, s_learningRate, s_optimizer, s_seed, s_precision, s_kernels, s_data, s_out, s_resume, s_checkpointEvery, s_dashboard,
        };
        root.SetAction(static result => Guarded(() => TrainCommand.Run(Options(result), Given(result))));

        Command devices = new("devices", "Lists the devices that were found, and why the others were not.");
        devices.SetAction(static _ => Guarded(DevicesCommand.Run));
        root.Add(devices);
        root.Add(Compare());
        return root;
    }

    private static Command Compare()
    {
        Argument<string[]> runs = new("runs") { Description = "Folders of finished runs", Arity = ArgumentArity.OneOrMore };
        Option<string> page = new("--out") { HelpName = "FILE", Description = "The page to write", DefaultValueFactory = static _ => "compare.html" };
        Command compare = new("compare", "Draws several finished runs on one page.") { runs, page };
        compare.SetAction(result => Guarded(() => CompareCommand.Run(result.GetRequiredValue(runs), result.GetRequiredValue(page))));
        return compare;
    }

    private static TrainOptions Options(ParseResult result)
    {
        TrainOptions options = Plain(result);
        if (options.Recipe is not { } name)
        {
            return options;
        }

        // What was written out counts; the recipe stands in for the defaults of the rest.
        Recipe recipe = Recipe.All[name];
        IReadOnlySet<string> given = Given(result);
        if (given.Contains("--model"))
        {
            throw new UsageException($"--recipe {name} brings its own network. Leave --model out.");
        }

        return options with
        {
            Model = name,
            Epochs = given.Contains("--epochs") ? options.Epochs : recipe.Epochs,
            BatchSize = given.Contains("--batch-size") ? options.BatchSize : recipe.BatchSize,
            Optimizer = given.Contains("--optimizer") ? options.Optimizer : recipe.Optimizer,
            LearningRate = given.Contains("--lr") || given.Contains("--optimizer") ? options.LearningRate : recipe.LearningRate,
        };
    }

    private static TrainOptions Plain(ParseResult result) => new()
    {
        Recipe = result.GetValue(s_recipe),
        Device = result.GetValue(s_device)!,
        Threads = result.GetValue(s_threads),
        Model = result.GetValue(s_model)!,
        Epochs = result.GetValue(s_epochs),
        BatchSize = result.GetValue(s_batchSize),
        LearningRate = result.GetValue(s_learningRate) ?? Optimizers.DefaultLearningRate(result.GetValue(s_optimizer)!),
        Optimizer = result.GetValue(s_optimizer)!,
        Seed = result.GetValue(s_seed),
        Precision = result.GetValue(s_precision)!,
        Kernels = result.GetValue(s_kernels),
        Data = result.GetValue(s_data),
        Out = result.GetValue(s_out),
        Resume = result.GetValue(s_resume),
        CheckpointEvery = result.GetValue(s_checkpointEvery),
        Dashboard = result.GetResult(s_dashboard) is { Implicit: false } ? result.GetValue(s_dashboard) ?? LiveDashboard.DefaultPort : null,
    };

    /// <summary>The options that were written out: a resumed run takes the others from the run that it goes on with.</summary>
    private static HashSet<string> Given(ParseResult result) =>
        [.. result.CommandResult.Children.OfType<OptionResult>().Where(static o => !o.Implicit).Select(static o => o.Option.Name)];

    /// <summary>What a user can put right is told in a line; anything else is a fault of the program and keeps its trace.</summary>
    private static int Guarded(Func<int> command)
    {
        try
        {
            return command();
        }
        catch (Exception error) when (error is EngineException or IOException or UnauthorizedAccessException or PlatformNotSupportedException or UsageException)
        {
            Console.Error.WriteLine($"error: {error.Message}");
            return 1;
        }
    }

    private static Option<T> Positive<T>(Option<T> option)
    {
        option.Validators.Add(static result => CheckAtLeast(result, 1));
        return option;
    }

    private static Option<string?> Kernels(Option<string?> option)
    {
        option.AcceptOnlyFromAmong([.. KernelSets.Names]);
        return option;
    }

    private static Option<string?> Recipes(Option<string?> option)
    {
        option.AcceptOnlyFromAmong([.. Recipe.All.Keys]);
        return option;
    }

    private static Option<string> OneOf(IEnumerable<string> names, Option<string> option)
    {
        option.AcceptOnlyFromAmong([.. names]);
        return option;
    }

    // Only what was written out is checked here; that it is a number at all is the parser's own check.
    private static void CheckAtLeast(OptionResult result, int least)
    {
        if (result.Tokens is [{ Value: var text }] && int.TryParse(text, out int value) && value < least)
        {
            result.AddError($"{result.Option.Name} is {value}; it must be at least {least}.");
        }
    }

    private static void CheckAtMost(OptionResult result, int most)
    {
        if (result.Tokens is [{ Value: var text }] && int.TryParse(text, out int value) && value > most)
        {
            result.AddError($"{result.Option.Name} is {value}; it must be at most {most}.");
        }
    }

    private static void CheckLearningRate(OptionResult result)
    {
        if (result.Tokens is [{ Value: var text }] && double.TryParse(text, out double value) && !(value > 0 && double.IsFinite(value)))
        {
            result.AddError($"{result.Option.Name} is {text}; it must be a positive number.");
        }
    }
}

/// <summary>The command was used wrongly; the message says what to do instead.</summary>
internal sealed class UsageException(string message) : Exception(message);
