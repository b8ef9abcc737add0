using Engine.Nn;

namespace Engine.Tests.Nn.Hooks;

/// <summary>The numbers with which tests/golden_tools/hooks.py fills tensors, and its network.</summary>
internal static class Filled
{
    public static double[] Numbers(long count, int k) => [.. Enumerable.Range(0, (int)count).Select(i => 0.5 * Math.Sin((1.3 * i) + k))];

    /// <summary>Fills a module's parameters, the first with k = 0.</summary>
    public static T Fill<T>(this T module)
        where T : Module
    {
        using GradMode.Scope mode = GradMode.Off();
        for (int k = 0; k < module.Parameters.Count; k++)
        {
            module.Parameters[k].CopyFrom<double>(Numbers(module.Parameters[k].ElementCount, k));
        }

        return module;
    }

    public static Sequential Net(Device device, DType dtype) =>
        new Sequential(new Linear(3, 4), new Relu(), new Linear(4, 2)).To(dtype).To(device).Fill();
}
