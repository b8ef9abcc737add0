using System.Runtime.CompilerServices;
using Engine.Cpu;

namespace Engine.Perf;

/// <summary>What the processor's arithmetic allows: multiply-adds on registers alone, on as many threads as kernels have. Rows that multiply are held against it.</summary>
internal static class PeakWorkloads
{
    /// <summary>Some milliseconds, so that it does not count when the second thread begins.</summary>
    private const int Steps = 1 << 20;

    /// <summary>Twelve chains hide the latency of two multiply-adds a cycle; with the two factors they are in registers with any instruction set.</summary>
    private const int Chains = 12;

    public static IEnumerable<Workload> All(Device device) =>
        device is CpuDevice cpu ? [Peak<float>(LimitRows.Float32, cpu), Peak<double>(LimitRows.Float64, cpu)] : [];

    private static Workload Peak<T>(string name, CpuDevice device) where T : unmanaged
    {
        Lanes lanes = default;
        SimdDispatch.Run<T, Lanes>(CpuIsa.Level, ref lanes);
        return new Workload(name, () => () => device.RunParts(device.Threads, static _ => Multiply<T>()), 2L * Chains * Steps * lanes.Count * device.Threads);
    }

    private static void Multiply<T>() where T : unmanaged
    {
        Loop loop = default;
        SimdDispatch.Run<T, Loop>(CpuIsa.Level, ref loop);
    }

    private struct Lanes : ISimdKernel
    {
        public int Count { get; private set; }

        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec> => Count = TVec.Count;
    }

    private readonly struct Loop : ISimdKernel
    {
        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec> => Sum<TVec>();

        // Written at the end, or the compiler would leave out the loop.
        private static volatile byte s_seen;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static unsafe void Sum<TVec>() where TVec : unmanaged, ISimd<TVec>
        {
            TVec a = TVec.Create(0.5), b = TVec.Create(0.25);
            TVec s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a, s6 = a, s7 = a, s8 = a, s9 = a, sa = a, sb = a;
            for (int i = 0; i != Steps; i++)
            {
                TVec.Accumulate(ref s0, a, b);
                TVec.Accumulate(ref s1, a, b);
                TVec.Accumulate(ref s2, a, b);
                TVec.Accumulate(ref s3, a, b);
                TVec.Accumulate(ref s4, a, b);
                TVec.Accumulate(ref s5, a, b);
                TVec.Accumulate(ref s6, a, b);
                TVec.Accumulate(ref s7, a, b);
                TVec.Accumulate(ref s8, a, b);
                TVec.Accumulate(ref s9, a, b);
                TVec.Accumulate(ref sa, a, b);
                TVec.Accumulate(ref sb, a, b);
            }

            TVec sum = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + sa + sb;
            byte* room = stackalloc byte[sizeof(TVec)];
            sum.Store(room);
            s_seen = room[0];
        }
    }
}
