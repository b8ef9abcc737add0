using Engine.Tests.Lifetime;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests;

/// <summary>
/// With <c>ENGINE_TEST_STRESS=1</c> a thread collects and allocates while all tests run. Tests that count blocks or record steps have to be left
/// out, for instance so:
/// <code>
/// ENGINE_TEST_STRESS=1 ENGINE_TEST_DEVICES=cpu,reference dotnet test tests/Engine.Tests --filter 'TestCategory=Golden|FullyQualifiedName~DataLoader|FullyQualifiedName~ThreadTests|FullyQualifiedName~Lifetime'
/// </code>
/// </summary>
[SetUpFixture]
internal sealed class StressMode
{
    private readonly List<Churn> _churns = [];

    [OneTimeSetUp]
    public void Begin()
    {
        if (Environment.GetEnvironmentVariable("ENGINE_TEST_STRESS") != "1")
        {
            return;
        }

        _churns.Add(new Churn(Device.Cpu, 1, 16, 64, 1024, 65536));
        _churns.Add(new Churn(ReferenceDevice.Shared, 1, 16, 64));
    }

    [OneTimeTearDown]
    public void End() => _churns.ForEach(static churn => churn.Dispose());
}
