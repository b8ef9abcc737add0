using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Sums over a launch: of one group, and of several of which the last adds.</summary>
[TestFixture]
internal sealed class LaunchSumsTests
{
    private const int GroupSize = 64;

    [Test]
    public void Sums_OfAnyNumberOfGroups_AreStoredOnce([Values(1, 2, 3, 64, 65, 200)] int groups, [Values] bool interpreted)
    {
        using GpuDriver? card = interpreted ? null : OpenClMachine.NewDriverAsCard();
        using GpuDevice device = card is null ? InterpretedCuda.CreateDevice() : new TestDevice(card);
        if (!device.Driver.Target.HasLastGroup)
        {
            Assert.Ignore("atomics of this device order memory within a group only");
        }

        GpuDriver driver = device.Driver;
        Tensor parts = Tensor.Zeros([2 * groups], device: device);
        CompiledKernel kernel = driver.Compile(KernelRenderer.Render(new CountAndMean().Build(driver.Target), driver.Target));
        for (int round = 0; round < 3; round++)
        {
            Tensor results = Tensor.Full([3], -1, device: device);
            device.Synchronize(); // The launch below does not wait behind kernels that are still compiled.
            Launch(device, kernel, groups, results, parts);
            int items = groups * GroupSize;
            Assert.That(results.ToArray<float>(), Is.EqualTo([items, items * (items - 1L) / 2f / items, -1f]).Within(1e-4).Percent, $"round {round}");
        }
    }

    private static void Launch(GpuDevice device, CompiledKernel kernel, int groups, Tensor results, Tensor parts)
    {
        ArgumentList arguments = new(stackalloc KernelArgument[8]);
        arguments.Add(results.Operand);
        LaunchSums.Bind(ref arguments, parts.Operand, device.Counters.From(0));
        device.Driver.Launch(kernel, new LaunchGrid(groups, 1, 1), arguments.Span);
    }

    private readonly record struct CountAndMean : IKernelDefinition
    {
        public Kernel Build(GpuTarget target)
        {
            KernelBuilder k = new("launch_sums", target, GroupSize);
            Memory results = k.Buffer("results", DType.Float32);
            LaunchSums sums = new(k, RegisterType.Float32, RegisterType.Float32);
            Value number = ((k.GroupX * GroupSize) + k.LocalId).To(RegisterType.Float32);
            sums.Sum([number.Like(1), number], all =>
            {
                k.Store(results, k.Int32(0), all[0]);
                k.Store(results, k.Int32(1), all[1] / all[0]);
            });
            return k.Build();
        }
    }
}
