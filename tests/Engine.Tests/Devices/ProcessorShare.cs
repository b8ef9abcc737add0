using NUnit.Framework;

namespace Engine.Tests.Devices;

/// <summary>
/// The cases of a fixture that a processor behind OpenCL runs: the first of each method, and a quarter of the others. Its compiler takes up to seven seconds for a kernel, most cases have
/// kernels of their own, and interpreters run all of them. What is left shows that the texts in OpenCL C are right; EveryKernelTests has each definition, the golden cases have each operation.
/// </summary>
internal sealed class ProcessorShare
{
    /// <summary>The golden section: steps of it meet every combination of parameters in time, whatever the number of their values.</summary>
    private const double Step = 0.6180339887498949;

    private const double Share = 0.236;

    private readonly Dictionary<string, int> _begun = [];

    /// <summary>Skips a case that is not in the share, unless devices are named.</summary>
    public void SkipBeyond()
    {
        string method = TestContext.CurrentContext.Test.MethodName!;
        int number = _begun.GetValueOrDefault(method);
        _begun[method] = number + 1;
        if (number * Step % 1 >= Share && !WantedDevices.AreNamed)
        {
            Assert.Ignore("a processor's compiler needs minutes for the kernels of all cases; ENGINE_TEST_DEVICES=opencl runs them");
        }
    }
}
