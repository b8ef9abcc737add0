using NUnit.Framework;

namespace Engine.Tests.Devices;

/// <summary>
/// The cases of a fixture that a device runs which is too slow for all, or differs from another one in little: the first of each method, and a share of the others. Where
/// <see cref="WantedDevices"/> names devices, they run all.
/// </summary>
internal sealed class CaseShare(double share, string reason)
{
    /// <summary>The golden section: steps of it meet every combination of parameters in time, whatever the number of their values.</summary>
    private const double Step = 0.6180339887498949;

    private readonly Dictionary<string, int> _begun = [];

    /// <summary>
    /// Of a processor behind OpenCL: its compiler takes up to seven seconds for a kernel, most cases have kernels of their own, and interpreters run all of them. What is left shows that
    /// the texts in OpenCL C are right; EveryKernelTests has each definition, the golden cases have each operation.
    /// </summary>
    public static CaseShare OfProcessor() => new(0.236, "a processor's compiler needs minutes for the kernels of all cases; ENGINE_TEST_DEVICES=opencl runs them");

    /// <summary>Of an interpreted card that computes in other types than the one that runs all cases: the kernels have the same indices.</summary>
    public static CaseShare OfAnotherArithmetic() => new(0.382, "the interpreter of the common card runs all cases; ENGINE_TEST_DEVICES=cuda runs them here");

    /// <summary>Skips a case that is not in the share.</summary>
    public void SkipBeyond()
    {
        string method = TestContext.CurrentContext.Test.MethodName!;
        int number = _begun.GetValueOrDefault(method);
        _begun[method] = number + 1;
        if (number * Step % 1 >= share && !WantedDevices.AreNamed)
        {
            Assert.Ignore(reason);
        }
    }
}
