using Microsoft.Extensions.Options;

namespace Engine.Hosting;

/// <summary>Says at the start of the host what is wrong with the options of one model.</summary>
internal sealed class ModelOptionsValidator(string model) : IValidateOptions<ModelOptions>
{
    /// <summary>No sample of a served model has more numbers; a shape beyond it is a slip.</summary>
    private const long MostElements = 1L << 28;

    public ValidateOptionsResult Validate(string? name, ModelOptions options)
    {
        if (name != model)
        {
            return ValidateOptionsResult.Skip;
        }

        List<string> failures = [];
        void Check(bool holds, string failure)
        {
            if (!holds)
            {
                failures.Add($"Model '{model}': {failure}");
            }
        }

        Check(options.InputShape is { Length: > 0 }, "InputShape is missing. Give the shape of one sample, without the batch: [1, 28, 28].");
        Check(options.InputShape is null || Elements(options.InputShape) is > 0 and <= MostElements, $"InputShape is [{string.Join(", ", options.InputShape ?? [])}]; its sizes must be positive and their product at most 2^28.");
        Check(options.InputShape is null || options.InputShape.Length < Shape.MaxRank, $"InputShape has {options.InputShape?.Length} axes; a sample has at most {Shape.MaxRank - 1}.");
        Check(options.Weights is null || File.Exists(options.Weights), $"there is no file '{options.Weights}' (Weights).");
        Check(options.MaxBatch >= 1, $"MaxBatch is {options.MaxBatch}; it must be at least 1.");
        Check(options.QueueLimit >= options.MaxBatch, $"QueueLimit is {options.QueueLimit}; it must be at least MaxBatch, {options.MaxBatch}.");
        Check(Enum.IsDefined(options.WhenFull), $"WhenFull is {options.WhenFull}; it is Reject or Wait.");
        Check(options.MaxDelay >= TimeSpan.Zero && options.MaxDelay <= TimeSpan.FromMinutes(1), $"MaxDelay is {options.MaxDelay}; it lies between 0 and a minute.");
        Check(options.ReloadInterval > TimeSpan.Zero && options.ReloadInterval <= TimeSpan.FromDays(1), $"ReloadInterval is {options.ReloadInterval}; it must be positive and at most a day.");
        Check(!options.ReloadOnChange || options.Weights is not null, "ReloadOnChange watches the file of Weights, and none is given.");
        Check(options.MaxProbeDifference is null or >= 0, $"MaxProbeDifference is {options.MaxProbeDifference}; it must not be negative.");
        Check(options.Probe is null || (options.Probe.Length > 0 && Elements(options.InputShape ?? []) is > 0 and var length && options.Probe.Length % length == 0), $"Probe has {options.Probe?.Length} numbers; that is no whole number of samples.");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    /// <summary>How many numbers a sample has; 0 where a size is not positive, beyond the limit where there are too many.</summary>
    private static long Elements(int[] shape)
    {
        long elements = 1;
        foreach (int size in shape)
        {
            if (size < 1)
            {
                return 0;
            }

            elements = Math.Min(MostElements + 1, elements * size);
        }

        return elements;
    }
}
