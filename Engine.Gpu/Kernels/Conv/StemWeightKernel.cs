namespace Engine.Gpu;

/// <summary>
/// The gradient to the filters of a <see cref="Correlation"/> over an image of few channels, on tensor cores. A group goes from tile to tile of results; the next tile's gradients
/// and image are on their way to registers while one is multiplied.
/// </summary>
/// <param name="Plan">The windows and the warps; its parts and tiles are no matter of the kernel.</param>
/// <param name="Math">The format of the factors.</param>
/// <param name="GradType">Elements of the result's gradient.</param>
/// <param name="GradWidth">Neighbouring channels of it that are read at once.</param>
/// <param name="InType">Elements of the image.</param>
/// <param name="OutType">Elements of the gradient to the filters.</param>
/// <param name="IsSplit">Whether groups share the tiles; the last of them stores the results.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct StemWeightKernel(
    StemWeightPlan Plan, TileMath Math, DType GradType, int GradWidth, DType InType, DType OutType, bool IsSplit, bool Is64Bit) : IKernelDefinition
{
    /// <summary>The kernel of a plan.</summary>
    public static StemWeightKernel Of(in Correlation c, in StemWeightPlan plan, TileMath math) => new(
        plan with { Parts = 1, TilesPerPart = 0 },
        math,
        c.Out.DType,
        c.GradAccess(math).Width,
        c.In.DType,
        c.Weight.DType,
        plan.Parts > 1,
        c.Is64Bit);

    /// <summary>The groups of a launch.</summary>
    public static LaunchGrid Grid(in Correlation c, in StemWeightPlan plan) => new((c.OutChannels + plan.Outs - 1) / plan.Outs, plan.Parts);

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new($"conv_weight_stem_{Plan.Outs}x{Plan.Numbers}{Math.Suffix}", target, StemWeightPlan.GroupSize) { MinGroupsPerUnit = 1 };
        RegisterType type = Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        Memory gradients = k.Buffer("gradients", GradType, readOnly: true), image = k.Buffer("image", InType, readOnly: true), result = k.Buffer("result", OutType);
        Value channels = k.Size("channels"), tiles = k.Size("tiles"), rows = k.Size("rows"), columns = k.Size("columns");
        StemPatch patch = new(k, Plan.Shape, image, type);
        Value[] gradPixel = Strides3.Declare(k, "grad_pixel", type);
        Value resultOut = k.Scalar("result_out", type), resultIn = k.Scalar("result_in", type), resultRow = k.Scalar("result_row", type), resultColumn = k.Scalar("result_column", type);
        TileParts? parts = IsSplit ? new TileParts(k, Plan.Tile, DType.Float32) : null;
        StemWeightProduct product = new(k, Plan, Math);
        Value firstOut = k.GroupX * Plan.Outs;
        GradReader grads = new(k, this, gradients, gradPixel, firstOut, channels);

        (Value[][] Grads, Value[] Patch) Fetch(Value number)
        {
            (Value Image, Value Row, Value Column) at = patch.At(number);
            Value isTile = number < tiles;
            return (grads.Fetch(at, k.Select(isTile, rows - at.Row, k.Int32(0)), columns - at.Column), patch.Fetch(at, isTile));
        }

        void Write(Value stage, (Value[][] Grads, Value[] Patch) values)
        {
            grads.Write(product, stage, values.Grads);
            product.WritePatch(stage, patch, values.Patch);
        }

        Variable stage = k.Variable(k.Int32(0));
        Write(stage.Value, Fetch(k.GroupY));
        k.Barrier();
        k.For(k.GroupY, tiles, k.GroupCountY, number =>
        {
            Value current = stage.Value, other = product.Other(current);
            var ahead = Fetch(number + k.GroupCountY);
            (_, Value row, Value column) = patch.At(number);
            product.Multiply(current, rows - row, columns - column);
            Write(other, ahead);
            stage.Value = other;
            k.Barrier();
        });

        StemShape shape = Plan.Shape;
        void Store(Value[] sums)
        {
            for (int i = 0; i < sums.Length; i++)
            {
                (Value row, Value number) = product.Place(i);
                Value at = firstOut + row, tapRow = number / shape.RowLength, rest = number - (tapRow * shape.RowLength), tapColumn = rest / shape.Channels;
                Value offset = (at.To(type) * resultOut) + ((rest - (tapColumn * shape.Channels)).To(type) * resultIn) + (tapRow.To(type) * resultRow) + (tapColumn.To(type) * resultColumn);
                k.Store(result, offset, sums[i].To(result.Element.InRegister()), (at < channels) & (number < shape.Depth));
            }
        }

        Value[] totals = product.Totals();
        if (parts is null)
        {
            Store(totals);
        }
        else
        {
            parts.Sum(totals, Store);
        }

        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in Correlation c)
    {
        (int down, int across) = StemShape.TilesOf(c);
        arguments.Add(c.Out);
        arguments.Add(c.In);
        arguments.Add(c.Weight);
        arguments.Add(c.OutChannels);
        arguments.Add(checked(c.Batch * down * across));
        arguments.Add(c.Rows.Count);
        arguments.Add(c.Columns.Count);
        StemPatch.Bind(ref arguments, c, Is64Bit);
        c.OutSteps.Bind(ref arguments, Is64Bit);
        arguments.AddIndex(c.WeightStrides.Out, Is64Bit);
        c.WeightTaps.Bind(ref arguments, Is64Bit);
    }

    /// <summary>The gradients of a tile's results on their way to shared memory.</summary>
    private sealed class GradReader
    {
        private readonly KernelBuilder _k;
        private readonly Memory _memory;
        private readonly Value[] _strides;
        private readonly Value _channel, _pixel, _channelOffset, _exists;
        private readonly int _width, _pixelsAtOnce;
        private readonly bool _carriesWords;

        public GradReader(KernelBuilder k, StemWeightKernel kernel, Memory memory, Value[] strides, Value firstOut, Value channels)
        {
            (_k, _memory, _strides, _width) = (k, memory, strides, kernel.GradWidth);
            _carriesWords = FactorWriter.CarriesWords(kernel.Math, kernel.GradType, _width);
            int perPixel = kernel.Plan.Outs / _width;
            _pixelsAtOnce = System.Math.Min(StemShape.TilePixels, k.GroupSize / perPixel);
            (_pixel, _channel) = (k.LocalId / perPixel, k.LocalId % perPixel * _width);
            _channelOffset = (firstOut + _channel).To(strides[0].Type);
            _exists = firstOut + _channel < channels;
        }

        public Value[][] Fetch((Value Image, Value Row, Value Column) tile, Value rows, Value columns)
        {
            RegisterType type = _strides[0].Type;
            Value origin = (tile.Image.To(type) * _strides[0]) + (tile.Row.To(type) * _strides[1]) + (tile.Column.To(type) * _strides[2]) + _channelOffset;
            var values = new Value[StemShape.TilePixels / _pixelsAtOnce][];
            for (int pass = 0; pass < values.Length; pass++)
            {
                Value pixel = Pixel(pass), row = pixel / StemShape.TileColumns, column = pixel % StemShape.TileColumns;
                Value at = origin + (row.To(type) * _strides[1]) + (column.To(type) * _strides[2]), exists = (row < rows) & (column < columns) & _exists;
                values[pass] = _carriesWords ? _k.LoadVector(_memory.As(DType.Int32), at >> 1, _width / 2, exists) : _k.LoadVector(_memory, at, _width, exists);
            }

            return values;
        }

        public void Write(StemWeightProduct product, Value stage, Value[][] values)
        {
            for (int pass = 0; pass < values.Length; pass++)
            {
                product.WriteGrad(stage, Pixel(pass), _channel, values[pass]);
            }
        }

        private Value Pixel(int pass) => _pixel + (pass * _pixelsAtOnce);
    }
}
