using NUnit.Framework;

namespace Engine.Tests.Indexing;

/// <summary>Sizes of a shape from the end, and parts of it.</summary>
internal sealed class ShapeIndexTests
{
    private static readonly Shape s_shape = [5, 3, 2];

    [Test]
    public void Index_CountsFromTheEnd()
    {
        Assert.That((s_shape[^1], s_shape[^3], s_shape[(Index)1], s_shape[-1]), Is.EqualTo((2, 5, 3, 2)));
        Assert.That(static () => s_shape[^4], Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("Axis ^4 of [5, 3, 2]"));
        Assert.That(static () => s_shape[^0], Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(static () => s_shape[(Index)3], Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(static () => default(Shape)[^1], Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Range_IsAShape()
    {
        Assert.That((s_shape[1..], s_shape[..^1], s_shape[..], s_shape[1..1], s_shape[3..]), Is.EqualTo((new Shape(3, 2), new Shape(5, 3), s_shape, default(Shape), default(Shape))));
        Assert.That(static () => s_shape[..4], Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("[5, 3, 2]"));
        Assert.That(static () => s_shape[2..1], Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(static () => s_shape[^4..], Throws.TypeOf<ArgumentOutOfRangeException>());
    }
}
