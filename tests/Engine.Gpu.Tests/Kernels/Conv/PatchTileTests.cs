using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Every tile of the patches' menu, whichever the plan would choose, alone and in parts.</summary>
[TestFixture(TargetVariant.InterpreterTf32)]
[TestFixture(TargetVariant.InterpreterBFloat16)]
[TestFixture(TargetVariant.InterpreterFloat16)]
internal sealed class PatchTileTests(TargetVariant variant) : KernelFixture(variant)
{
    private const int Images = 2, Height = 9, Width = 13, Ins = 48, Outs = 68;

    [Test]
    public void Tile_OfSmallWholeNumbers_IsExact([Range(0, 7)] int tile, [Values(1, 2)] int parts, [Values] bool isHalf)
    {
        DType dtype = isHalf ? DType.BFloat16 : DType.Float32;
        TileMath math = TileMaths.Choose(Device.Driver.Target, Device.MathMode, dtype, dtype, DType.Float32);
        (GemmTile Tile, double)[] menu = [.. PatchPlan.Menu(math, Ins)];
        Assert.That(menu, Has.Length.EqualTo(8), "the range above names them all");
        DeviceArray x = Array(dtype, [Images, Ins, Height, Width], i => (i * 7 % 5) - 2, Placement.ChannelsLast);
        DeviceArray w = Array(dtype, [Outs, Ins, 3, 3], i => (i * 11 % 3) - 1, Placement.ChannelsLast);
        DeviceArray y = Array(DType.Float32, [Images, Outs, Height, Width], static _ => double.NaN, Placement.ChannelsLast);
        ConvGeometry geometry = Geometries.Of(Images, Ins, Height, Width, Outs, 3, 3, pad: 1);
        Correlation c = GpuBackend.Forward(geometry, x, w, y);
        PatchPlan plan = PatchPlan.Of(Device.Driver.Target, c, menu[tile].Tile, Patch.Of(c)!.Value, parts)
            ?? throw new AssertionException($"{menu[tile].Tile.Name} does not fit");
        Assert.That(plan.Parts, Is.EqualTo(parts));
        ((GpuBackend)Backend).CorrelateByPatches(c, plan);
        Assert.That(y.Read(), Is.EqualTo(Expected(x.Values, w.Values)));
    }

    private static double[] Expected(double[] x, double[] w)
    {
        double[] y = new double[Images * Outs * Height * Width];
        for (int i = 0; i < y.Length; i++)
        {
            int column = i % Width, row = i / Width % Height, k = i / (Width * Height) % Outs, image = i / (Width * Height * Outs);
            for (int tap = 0; tap < Ins * 9; tap++)
            {
                int channel = tap / 9, atRow = row + (tap / 3 % 3) - 1, atColumn = column + (tap % 3) - 1;
                if (atRow is >= 0 and < Height && atColumn is >= 0 and < Width)
                {
                    y[i] += x[(((((image * Ins) + channel) * Height) + atRow) * Width) + atColumn] * w[(k * Ins * 9) + tap];
                }
            }
        }

        return y;
    }
}
