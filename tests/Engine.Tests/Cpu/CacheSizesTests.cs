using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

internal sealed class CacheSizesTests
{
    [Test]
    public void Read_IsTheLargestOfItsLevel()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            Assert.That(CacheSizes.Read(folder, 2, 7), Is.EqualTo(7), "nothing told");
            Write(0, "1\n", "32K\n");
            Write(1, "2\n", "512K\n");
            Write(2, "3\n", "12M\n");
            Assert.That(CacheSizes.Read(folder, 2, 7), Is.EqualTo(512 << 10));
            Assert.That(CacheSizes.Read(folder, 3, 7), Is.EqualTo(12 << 20));
            Assert.That(CacheSizes.Read(folder, 4, 7), Is.EqualTo(7));
            Write(3, "2\n", "2048K\n");
            Assert.That(CacheSizes.Read(folder, 2, 7), Is.EqualTo(2 << 20));
            Write(2, "3\n", "?\n");
            Assert.That(CacheSizes.Read(folder, 3, 7), Is.EqualTo(7), "no number");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        void Write(int index, string level, string size)
        {
            string entry = Directory.CreateDirectory(Path.Combine(folder, $"index{index}")).FullName;
            File.WriteAllText(Path.Combine(entry, "level"), level);
            File.WriteAllText(Path.Combine(entry, "size"), size);
        }
    }
}
