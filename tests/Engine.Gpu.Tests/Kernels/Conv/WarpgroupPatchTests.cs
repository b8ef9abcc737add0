using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Convolutions by patches and warpgroups, every tile of their menu, whichever the plan would choose.</summary>
[TestFixture(TargetVariant.WarpgroupsTf32)]
[TestFixture(TargetVariant.WarpgroupsBFloat16)]
[TestFixture(TargetVariant.WarpgroupsFloat16)]
internal sealed class WarpgroupPatchTests(TargetVariant variant) : KernelFixture(variant)
{
    private const int Images = 2, Height = 9, Width = 13;

    [Test]
    public void Tile_OfSmallWholeNumbers_IsExact([Range(0, 4)] int tile, [Values] bool isHalf, [Values] bool toImages)
    {
        GemmTile[] menu = [.. WarpgroupPatch.Menu(MathOf(TypeOf(isHalf)))];
        Assert.That(menu, Has.Length.InRange(4, 5), "the range above names them all");
        Check(menu[tile % menu.Length], TypeOf(isHalf), toImages, ins: 104, outs: 68, 3, 3, parts: 1);
    }

    [Test]
    public void Tile_InParts_IsExact([Range(0, 3)] int tile, [Values] bool toImages)
    {
        DType type = TypeOf(isHalf: true);
        Check(WarpgroupPatch.Menu(MathOf(type))[tile], type, toImages, ins: 136, outs: 24, 3, 3, parts: 2);
    }

    [TestCase(1, 3)]
    [TestCase(3, 1)]
    [TestCase(2, 1)]
    [TestCase(1, 2)]
    [TestCase(5, 5)]
    [TestCase(4, 2)]
    public void Window_OfAnySize_IsExact(int rows, int columns)
    {
        foreach (bool toImages in new[] { false, true })
        {
            Check(GemmTile.OfPatch(128, 64, MathOf(DType.Float32)), DType.Float32, toImages, ins: 76, outs: 72, rows, columns, parts: 1);
        }
    }

    [TestCase(4, 4)]
    [TestCase(12, 4)]
    [TestCase(68, 132)]
    public void Channels_OfWholeVectors_AreExact(int ins, int outs)
    {
        foreach (bool toImages in new[] { false, true })
        {
            Check(GemmTile.OfPatch(192, 64, MathOf(DType.Float32)), DType.Float32, toImages, ins, outs, 3, 3, parts: 1);
        }
    }

    [Test]
    public void Padding_NextToNaNAndInfinity_IsZero()
    {
        // The last pixel of a row lies in memory before the first of the next, whose windows must not see it.
        DeviceArray x = Array(DType.Float32, [Images, 64, Height, Width], i => i % Width == Width - 1 ? (i % 2 == 0 ? double.NaN : double.PositiveInfinity) : i % 3, Placement.ChannelsLast);
        DeviceArray w = Array(DType.Float32, [64, 64, 3, 3], static i => (i % 5) - 2, Placement.ChannelsLast);
        DeviceArray y = Result(DType.Float32, [Images, 64, Height, Width], Placement.ChannelsLast);
        using LaunchCount count = Device.CountLaunches();
        Backend.ConvForward(new ConvForwardArgs { X = x, W = w, Y = y, Geometry = GeometryOf(64, 64, 3, 3) });
        Assert.That(count.Kernels.Select(static kernel => kernel.Name), Has.One.Contains("wgmma"));
        double[] expected = Expected(x.Values, w.Values, 64, 64, 3, 3, toImages: false), actual = y.Read();
        for (int i = 0; i < expected.Length; i++)
        {
            bool seesLast = i % Width >= Width - 2;
            Assert.That(double.IsFinite(actual[i]), Is.EqualTo(!seesLast), $"element {i}: {actual[i]}");
            Assert.That(seesLast || actual[i] == expected[i], $"element {i}: {actual[i]} for {expected[i]}");
        }
    }

    [Test]
    public void Convolution_OfUnevenChannelsOrSteps_GoesWithoutThem()
    {
        foreach ((int ins, int outs, int stride) in new[] { (65, 64, 1), (64, 64, 2), (3, 64, 1) })
        {
            ConvGeometry g = GeometryOf(ins, outs, 3, 3) with { StrideH = stride, StrideW = stride, OutHeight = ((Height - 1) / stride) + 1, OutWidth = ((Width - 1) / stride) + 1 };
            DeviceArray x = Array(DType.Float32, [Images, ins, Height, Width], static i => (i * 7 % 5) - 2, Placement.ChannelsLast);
            DeviceArray w = Array(DType.Float32, [outs, ins, 3, 3], static i => (i * 11 % 3) - 1, Placement.ChannelsLast);
            DeviceArray y = Result(DType.Float32, [Images, outs, g.OutHeight, g.OutWidth], Placement.ChannelsLast);
            using LaunchCount count = Device.CountLaunches();
            Backend.ConvForward(new ConvForwardArgs { X = x, W = w, Y = y, Geometry = g });
            Assert.That(count.Kernels.Select(static kernel => kernel.Name), Has.None.Contains("wgmma"), $"{ins} channels, stride {stride}");
            double[] all = Expected(x.Values, w.Values, ins, outs, 3, 3, toImages: false);
            double[] expected = [.. all.Where((_, i) => i % Width % stride == 0 && i / Width % Height % stride == 0)];
            Assert.That(y.Read(), Is.EqualTo(expected), $"{ins} channels, stride {stride}");
        }
    }

    [Test]
    public void Tile_WithAnyEpilogue_KeepsItsSumsInRegisters([Values(false, true)] bool split, [Values] bool alongDepth)
    {
        if (!Ptxas.Knows(isArchitectureSpecific: true))
        {
            Assert.Ignore("ENGINE_PTXAS names no assembler of CUDA 12 or later.");
        }

        GpuTarget card = Device.Driver.Target;
        var patch = Patch.Of(new WindowAxis(56, 3, 56, -1, 1, 1), new WindowAxis(56, 3, 56, -1, 1, 1));
        foreach (DType type in new[] { DType.Float32, DType.BFloat16 })
        {
            TileMath math = MathOf(type);
            foreach (GemmTile tile in WarpgroupPatch.Menu(math))
            {
                int width = TileAccess.Widest(type, math);
                Epilogue epilogue = new(HasAlpha: false, HasBeta: false, BiasKind.PerColumn, DType.Float32, MapProgram.Compile(1, Expr.Gelu(Expr.Input(0))));
                PatchCorrelationKernel kernel = new(tile, PatchPlan.Room(tile, patch, width), 3, 3, 1, type, width, type, new TileAccess(alongDepth, width), type, 2, epilogue, split, Is64Bit: false);
                KernelResources resources = Ptxas.Assemble(PtxRenderer.Render(kernel.Build(card), card).Text, 90, isArchitectureSpecific: true).Values.Single();
                TestContext.Out.WriteLine($"{tile.Name} of {type}: {resources}");
                Assert.That(resources.LocalBytes, Is.Zero, $"{tile.Name} of {type}: {resources}");
            }
        }
    }

    private TileMath MathOf(DType type) => TileMaths.Choose(Device.Driver.Target, Device.MathMode, type, type, DType.Float32);

    private DType TypeOf(bool isHalf) => !isHalf ? DType.Float32 : Device.MathMode == MathMode.Float16 ? DType.Float16 : DType.BFloat16;

    private void Check(GemmTile tile, DType type, bool toImages, int ins, int outs, int rows, int columns, int parts)
    {
        // Of the gradient to the images, ins are the channels of the result's gradient.
        (int from, int to) = toImages ? (outs, ins) : (ins, outs);
        DeviceArray x = Array(type, [Images, ins, Height, Width], static i => (i * 7 % 5) - 2, Placement.ChannelsLast);
        DeviceArray w = Array(type, [to, from, rows, columns], static i => (i * 11 % 3) - 1, Placement.ChannelsLast);
        DeviceArray y = Array(DType.Float32, [Images, outs, Height, Width], static _ => double.NaN, Placement.ChannelsLast);
        ConvGeometry geometry = GeometryOf(from, to, rows, columns);
        Correlation c = toImages ? GpuBackend.ToImages(geometry, x, w, y) : GpuBackend.Forward(geometry, x, w, y);
        Assert.That(WarpgroupPatch.CanRead(c, tile.Math));
        PatchPlan plan = PatchPlan.Of(Device.Driver.Target, c, tile, Patch.Of(c)!.Value, parts) ?? throw new AssertionException($"{tile.Name} does not fit");
        Assert.That(plan.Parts, Is.EqualTo(parts));
        ((GpuBackend)Backend).CorrelateByPatches(c, plan);
        Assert.That(y.Read(), Is.EqualTo(Expected(x.Values, w.Values, ins, outs, rows, columns, toImages)), tile.Name);
    }

    private static ConvGeometry GeometryOf(int ins, int outs, int rows, int columns) => Geometries.Of(Images, ins, Height, Width, outs, rows, columns) with
    {
        OutHeight = Height,
        OutWidth = Width,
        PadH = rows / 2,
        PadW = columns / 2,
    };

    private static double[] Expected(double[] x, double[] w, int ins, int outs, int rows, int columns, bool toImages)
    {
        double[] y = new double[Images * outs * Height * Width];
        for (int i = 0; i < y.Length; i++)
        {
            int column = i % Width, row = i / Width % Height, k = i / (Width * Height) % outs, image = i / (Width * Height * outs);
            for (int tap = 0; tap < rows * columns; tap++)
            {
                int r = (tap / columns) - (rows / 2), s = (tap % columns) - (columns / 2), atRow = toImages ? row - r : row + r, atColumn = toImages ? column - s : column + s;
                for (int channel = 0; channel < ins && atRow is >= 0 and < Height && atColumn is >= 0 and < Width; channel++)
                {
                    double filter = w[((toImages ? (channel * outs) + k : (k * ins) + channel) * rows * columns) + tap];
                    y[i] += x[(((((image * ins) + channel) * Height) + atRow) * Width) + atColumn] * filter;
                }
            }
        }

        return y;
    }
}
