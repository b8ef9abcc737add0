using System.Diagnostics;
using System.Globalization;
using Engine.Gpu;
using ILGPU;

namespace Engine.Perf;

/// <summary>What a launch costs the host: of the engine's own kernel for y += a·x and of the same one as a C# method, by turns.</summary>
internal static class LaunchCost
{
    private const int Size = 256, Rounds = 60;

    /// <summary>Prints nanoseconds and bytes of managed memory for a launch, each the median over rounds, and the ratio of the rounds' pairs.</summary>
    public static void Print(Device device)
    {
        using Tensor x = Tensor.Ones([Size], device: device), y = Tensor.Zeros([Size], device: device);
        DeviceKernel kernel = device.Kernel(Axpy), matrix = device.Kernel(AxpyOfMatrices);
        using Tensor x2 = x.Reshape(16, 16), y2 = y.Reshape(16, 16);
        ArrayView<float> xView = x.AsArrayView<float>(), yView = y.AsArrayView<float>();
        (string Name, Action Launch)[] ways =
        [
            ("the engine's AddInPlace", () => y.AddInPlace(x, 0.5)),
            ("a C# method, views kept", () => kernel.Launch(Size, xView, yView, 0.5f)),
            ("a C# method, views made", () => device.Kernel(Axpy).Launch(y.ElementCount, x.AsArrayView<float>(), y.AsArrayView<float>(), 0.5f)),
            ("a C# method, views of two axes", () => matrix.Launch(new Index2D(16, 16), x2.AsArrayView2D<float>(), y2.AsArrayView2D<float>(), 0.5f)),
        ];
        int launches = device is GpuDevice { IsProcessor: true } ? 50 : 5000;
        double[][] times = [.. ways.Select(static _ => new double[Rounds])];
        long[] bytes = new long[ways.Length];
        for (int round = -20; round < Rounds; round++)
        {
            for (int way = 0; way < ways.Length; way++)
            {
                Action launch = ways[way].Launch;
                device.Synchronize();
                long allocated = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
                for (int i = 0; i < launches; i++)
                {
                    launch();
                }

                if (round >= 0)
                {
                    times[way][round] = Stopwatch.GetElapsedTime(start).TotalNanoseconds / launches;
                    bytes[way] = (GC.GetAllocatedBytesForCurrentThread() - allocated) / launches;
                }
            }
        }

        for (int way = 0; way < ways.Length; way++)
        {
            double ratio = Median(times[way].Select((time, round) => time / times[0][round]));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{ways[way].Name,-32} {Median(times[way]),9:F0} ns  {bytes[way],5} bytes  {ratio:F2} x"));
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static void Axpy(Index1D i, ArrayView<float> x, ArrayView<float> y, float a) => y[i] += a * x[i];

    private static void AxpyOfMatrices(Index2D i, ILGPU.Runtime.ArrayView2D<float, Stride2D.General> x, ILGPU.Runtime.ArrayView2D<float, Stride2D.General> y, float a) => y[i] += a * x[i];
}
