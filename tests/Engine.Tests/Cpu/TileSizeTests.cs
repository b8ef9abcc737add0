using System.Reflection;
using System.Runtime.CompilerServices;
using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>Kernels ask for the size of these types in place of their numbers.</summary>
internal sealed class TileSizeTests
{
    [Test]
    public void Size_IsTheCount_OfEach()
    {
        Type[] sizes = typeof(TileSize).GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic);
        Assert.That(sizes, Has.Length.GreaterThanOrEqualTo(7));
        foreach (Type size in sizes)
        {
            MethodInfo difference = typeof(TileSizeTests).GetMethod(nameof(Difference), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(size);
            Assert.That(difference.Invoke(null, []), Is.Zero, size.Name);
        }
    }

    private static int Difference<TSize>() where TSize : struct, ITileSize => Unsafe.SizeOf<TSize>() - TSize.Count;
}
