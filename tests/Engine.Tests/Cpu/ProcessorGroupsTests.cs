using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

internal sealed class ProcessorGroupsTests
{
    private string _folder = string.Empty;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory().FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void SystemTellsNothing_Null() => Assert.That(ProcessorGroups.Describe(_folder), Is.Null);

    [Test]
    public void OneCacheForAll()
    {
        Cache(0, 0, "1", "0");
        Cache(0, 1, "2", "0");
        Cache(0, 2, "3", "0-1");
        Cache(1, 0, "1", "1");
        Assert.That(ProcessorGroups.Describe(_folder), Is.EqualTo("processors 0-1 share a cache of level 3; one memory node"));
    }

    [Test]
    public void TwoCachesAndNodes()
    {
        foreach (int processor in (int[])[0, 1, 2, 3])
        {
            Cache(processor, 0, "3", processor is 0 or 2 ? "0,2" : "1,3");
        }
        Write("node/node0/cpulist", "0,2\n");
        Write("node/node1/cpulist", "1,3\n");
        Assert.That(ProcessorGroups.Describe(_folder), Is.EqualTo("processors 0,2 and 1,3 share a cache each of level 3; memory nodes of processors 0,2 and 1,3"));
    }

    [TestCase("?", "0")]
    [TestCase("3", "")]
    [TestCase("3", "0-x")]
    [TestCase("3", "0-999999999")]
    public void Nonsense_Null(string level, string list)
    {
        Cache(0, 0, level, list);
        Assert.That(ProcessorGroups.Describe(_folder), Is.Null);
    }

    [Test]
    public void ThisMachine_TellsALineOrNothing() => Assert.That(ProcessorGroups.Describe(), Is.Null.Or.StartsWith("processors 0"));

    private void Cache(int processor, int index, string level, string list)
    {
        Write($"cpu/cpu{processor}/cache/index{index}/level", level + "\n");
        Write($"cpu/cpu{processor}/cache/index{index}/shared_cpu_list", list + "\n");
    }

    private void Write(string path, string text)
    {
        string file = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
