using Microsoft.Extensions.Options;

namespace Engine.Hosting;

/// <summary>Says at the start of the host what is wrong with the options.</summary>
internal sealed class EngineOptionsValidator : IValidateOptions<EngineOptions>
{
    public ValidateOptionsResult Validate(string? name, EngineOptions options)
    {
        List<string> failures = [];
        if (string.IsNullOrWhiteSpace(options.Device))
        {
            failures.Add("Engine: Device is empty. Name one (cpu, cuda:0, opencl:0), or say auto.");
        }

        if (options.Threads is < 1)
        {
            failures.Add($"Engine: Threads is {options.Threads}; it must be at least 1. Leave it out for the device's own number.");
        }

        if (options.MemoryLimit is < 1)
        {
            failures.Add($"Engine: MemoryLimit is {options.MemoryLimit} bytes; it must be positive. Leave it out for no limit.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
