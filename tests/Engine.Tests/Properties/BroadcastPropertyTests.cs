using Engine.Tests.Devices;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;

namespace Engine.Tests.Properties;

/// <summary>NumPy's broadcasting against its definition.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class BroadcastPropertyTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(300);

    private static Arbitrary<(int[] A, int[] B)> Shapes
    {
        get
        {
            Gen<int[]> sizes = Gen.Choose(0, 4).SelectMany(rank => Gen.Frequency((1, Gen.Constant(0)), (6, Gen.Constant(1)), (8, Gen.Choose(2, 3))).ArrayOf(rank));
            return Arb.From(sizes.SelectMany(a => sizes.Select(b => (a, b))));
        }
    }

    [Test]
    public void TryBroadcast_AnyShapes_FollowsTheDefinition() => Check.One(s_config.WithMaxTest(2000), Prop.ForAll(Shapes, pair =>
    {
        int[]? expected = Broadcast(pair.A, pair.B);
        bool possible = Shape.TryBroadcast(pair.A, pair.B, out Shape shape);
        return expected is null ? !possible : possible && shape == new Shape(expected);
    }));

    [Test]
    public void Add_AnyShapes_PairsElementsByTheDefinition() => Check.One(s_config, Prop.ForAll(Shapes, pair =>
    {
        using TensorScope scope = TensorScope.Begin();
        ArrayModel a = ArrayModel.Counting(pair.A), b = ArrayModel.Counting(pair.B);
        Tensor x = MostPrecise(a.Values(), pair.A), y = MostPrecise(b.Values(), pair.B) * 1000;
        if (Broadcast(pair.A, pair.B) is not { } sizes)
        {
            return Throws(() => _ = x + y);
        }
        var sum = new ArrayModel(sizes, at => a.At(Own(pair.A, at)) + (1000 * b.At(Own(pair.B, at))));
        Tensor z = x + y;
        return z.Shape == new Shape(sizes) && z.ToArray<double>().SequenceEqual(sum.Values());
    }));

    [Test]
    public void Backward_AnyShapes_SumsOverWhatWasStretched() => Check.One(s_config, Prop.ForAll(Shapes, pair =>
    {
        using TensorScope scope = TensorScope.Begin();
        if (Broadcast(pair.A, pair.B) is not { } sizes)
        {
            return true;
        }
        Tensor x = Tensor.Zeros(pair.A, Widest, Device).WithGrad(), y = Tensor.Zeros(pair.B, Widest, Device).WithGrad();
        (x + y).Sum().Backward();
        // Each element is used as often as the result has elements per element of the operand.
        long count = new Shape(sizes).ElementCount;
        return Each(x, count) && Each(y, count);
    }));

    private static bool Each(Tensor x, long count) =>
        x.Grad!.Shape == x.Shape && (x.ElementCount == 0 || x.Grad.ToArray<double>().All(value => value == count / x.ElementCount));

    /// <summary>Aligned at the last axis, sizes must be equal or one of them 1; null if they are not.</summary>
    private static int[]? Broadcast(int[] a, int[] b)
    {
        int rank = Math.Max(a.Length, b.Length);
        int[] left = [.. Enumerable.Repeat(1, rank - a.Length), .. a], right = [.. Enumerable.Repeat(1, rank - b.Length), .. b];
        bool possible = left.Zip(right).All(pair => pair.First == pair.Second || pair.First == 1 || pair.Second == 1);
        return possible ? [.. left.Zip(right, (x, y) => x == 1 ? y : x)] : null;
    }

    /// <summary>The coordinates within a stretched operand.</summary>
    private static int[] Own(int[] sizes, int[] at) => [.. at[^sizes.Length..].Select((index, axis) => sizes[axis] == 1 ? 0 : index)];

    private static bool Throws(Action action)
    {
        try
        {
            action();
            return false;
        }
        catch (ShapeMismatchException)
        {
            return true;
        }
    }
}
