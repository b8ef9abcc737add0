using System.Diagnostics;
using Engine.Tests.Golden;
using NUnit.Framework;

namespace Engine.Tests.Lifetime;

/// <summary>The golden cases while another thread collects and allocates, a few seconds of them; <see cref="StressMode"/> runs all.</summary>
internal sealed class GoldenUnderChurnTests
{
    [Test]
    public void Cases_UnderCollections_MatchPyTorch()
    {
        GoldenTests tests = new("cpu, 2 threads");
        tests.UseDevice();
        try
        {
            using Churn churn = new(Device.Cpu, 1, 16, 32, 64, 128, 256, 512, 1024);
            Stopwatch time = Stopwatch.StartNew();
            foreach (GoldenCase golden in GoldenSet.Current.Cases)
            {
                tests.Case_OutputsAndGradients_MatchPyTorch(golden, DType.Float32);
                if (time.Elapsed > TimeSpan.FromSeconds(5))
                {
                    break;
                }
            }
        }
        finally
        {
            tests.RestoreDefault();
        }
    }
}
