using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixture]
internal sealed class LaunchPartsTests
{
    private static readonly object[] s_cases =
    [
        new object[] { new[] { 7 }, 7L }, new object[] { new[] { 7 }, 3L }, new object[] { new[] { 7 }, 1L }, new object[] { new[] { 3, 5, 7 }, 40L },
        new object[] { new[] { 3, 5, 7 }, 4L }, new object[] { new[] { 3, 5, 7 }, 35L }, new object[] { new[] { 2, 3, 2, 5 }, 11L }, new object[] { Array.Empty<int>(), 1L },
        new object[] { new[] { 20_000 }, 5000L }, new object[] { new[] { 0, 5 }, 2L },
    ];

    [TestCaseSource(nameof(s_cases))]
    public void Parts_HaveEachIterationOnce_InOrder(int[] sizes, long most)
    {
        Shape shape = new(sizes);
        Layout transposed = Layout.Contiguous(new Shape([.. sizes.Reverse()]));
        long[] strides = [.. transposed.Strides.ToArray().Reverse()];
        IterationSpace space = IterationSpace.Over(shape, AxisSet.All(shape.Rank));
        space.Add(shape, AxisSet.All(shape.Rank), strides, 1000);
        LaunchParts parts = new(space, most);
        List<long> visited = [];
        for (long part = 0; part < parts.Count; part++)
        {
            IterationSpace inside = parts[part];
            Assert.That(inside.Count, Is.LessThanOrEqualTo(most));
            Assert.That(parts.First(part), Is.EqualTo(visited.Count));
            visited.AddRange(Offsets(inside));
        }

        Assert.That(visited, Is.EqualTo(Offsets(space)));
    }

    [Test]
    public void LongParts_BeginWhereVectorsDo()
    {
        Shape shape = [100_000];
        IterationSpace space = IterationSpace.Over(shape, AxisSet.All(1));
        LaunchParts parts = new(space, 9001);
        Assert.That(Enumerable.Range(0, (int)parts.Count).Select(part => parts.First(part) % 4096), Is.All.Zero);
    }

    private static long[] Offsets(IterationSpace space) =>
        [.. Enumerable.Range(0, (int)space.Count).Select(i => space.Offset(0) + space.Distance(0, i, space.Rank))];
}
