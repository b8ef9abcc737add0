namespace Engine.Gpu;

/// <summary>
/// The inner part of a <see cref="StemWeightKernel"/>: channels of the result's gradient by numbers of a window, summed over the results of a tile on tensor cores. A lane reads
/// the same numbers of all windows, so that their places stay in registers.
/// </summary>
internal sealed class StemWeightProduct
{
    private const int Lanes = 32, BlockOuts = 16, BlockNumbers = 8, RegistersOfBlock = 4, Stages = 2, ResultPadding = 8;

    private readonly KernelBuilder _k;
    private readonly StemWeightPlan _plan;
    private readonly TileMath _math;
    private readonly Memory _shared;
    private readonly FactorWriter _writer;
    private readonly Variable[] _sums;
    private readonly Value[] _places;
    private readonly Value _lane, _down, _across;

    /// <summary>Sets up shared memory and the sums.</summary>
    public StemWeightProduct(KernelBuilder k, StemWeightPlan plan, TileMath math)
    {
        (_k, _plan, _math) = (k, plan, math);
        _shared = k.Shared("tiles", DType.Int32, WordsOf(plan, math));
        _writer = new FactorWriter(k, _shared, math);
        Value warp = k.LocalId / Lanes;
        _lane = k.LocalId % Lanes;
        (_down, _across) = (warp / plan.WarpsAcross, warp % plan.WarpsAcross);
        _sums = k.Variables(OutBlocks * plan.Blocks * RegistersOfBlock, k.Constant(RegisterType.Float32, 0));
        _places = new Value[plan.Blocks];
        for (int j = 0; j < _places.Length; j++)
        {
            Value number = (_across * (plan.Blocks * BlockNumbers)) + (_lane / 4) + (j * BlockNumbers);
            _places[j] = k.Select(number < plan.Shape.Depth, plan.Shape.Place(number), k.Int32(0));
        }
    }

    private int OutBlocks => _plan.Outs / BlockOuts;

    private int Lead => LeadOf(_plan, _math);

    private int PatchStart => (StemShape.TilePixels * Lead) + StemPatch.Margin;

    private int StageWords => StageWordsOf(_plan, _math);

    private int ResultLead => _plan.Numbers + ResultPadding;

    /// <summary>Rows of a tile that a warp sums.</summary>
    private int RowsOfWarp => StemShape.TileRows / _plan.WarpsDown;

    /// <summary>Words of shared memory: gradients and images of two tiles; in the end the sums.</summary>
    public static int WordsOf(in StemWeightPlan plan, TileMath math) => Math.Max(Stages * StageWordsOf(plan, math), plan.Outs * (plan.Numbers + ResultPadding));

    /// <summary>The other of the two stages; the first is 0.</summary>
    public Value Other(Value stage) => StageWords - stage;

    /// <summary>Writes neighbouring channels of a result's gradient.</summary>
    public void WriteGrad(Value stage, Value pixel, Value channel, Value[] values) => _writer.Write((pixel * Lead) + stage, channel, values, null);

    /// <summary>Writes the image under a tile.</summary>
    public void WritePatch(Value stage, StemPatch patch, Value[] values) => patch.Write(_shared, stage + PatchStart, values, _math, _plan.Shape.Pixel);

    /// <summary>Adds the products of a tile.</summary>
    /// <param name="stage">Where it lies.</param>
    /// <param name="rows">Rows of results from the tile's first to the end of the image.</param>
    /// <param name="columns">Columns, likewise.</param>
    public void Multiply(Value stage, Value rows, Value columns)
    {
        StemShape shape = _plan.Shape;
        Value firstRow = _down * RowsOfWarp;
        Value grads = stage + (firstRow * (StemShape.TileColumns * Lead)), patch = stage + PatchStart + (firstRow * shape.PixelRow);
        Value[] columnMasks = ColumnMasks(columns);
        for (int row = 0; row < RowsOfWarp; row++)
        {
            // What windows past the end of the image read may be no number: a gradient of zero is not enough.
            Value exists = firstRow + row < rows;
            Value[] masks = Array.ConvertAll(columnMasks, mask => _k.Select(exists, mask, _k.Int32(0)));
            Value rowGrads = grads + (row * StemShape.TileColumns * Lead), rowPatch = patch + (row * shape.PixelRow);
            for (int step = 0; step < StemShape.TileColumns / _math.Step; step++)
            {
                int first = step * _math.Step;
                Value[][] a = _math.IsHalf ? Halves(rowGrads) : Singles(rowGrads + (first * Lead));
                int near = first * shape.Pixel, far = (first + (_math.Step / 2)) * shape.Pixel;
                Value lanePixel = _lane % 4 * (_math.IsHalf ? 2 * shape.Pixel : shape.Pixel);
                for (int j = 0; j < _plan.Blocks; j++)
                {
                    Value at = lanePixel + rowPatch + _places[j];
                    Value[] b = [Factor(at + near, masks[2 * step]), Factor(at + far, masks[(2 * step) + 1])];
                    for (int i = 0; i < OutBlocks; i++)
                    {
                        int sum = ((i * _plan.Blocks) + j) * RegistersOfBlock;
                        _k.AddMma(_math.Shape, a[i], b, _sums[sum..(sum + RegistersOfBlock)]);
                    }
                }
            }
        }
    }

    /// <summary>Adds the sums of the warps that shared rows, in their order, and passes this work-item's share on: one sum or two, or vectors of four.</summary>
    public Value[] Totals()
    {
        Memory results = _shared.As(DType.Float32);
        for (int down = 0; down < _plan.WarpsDown; down++)
        {
            _k.Barrier();
            _k.If(_down.Is(down), () =>
            {
                for (int i = 0; i < OutBlocks; i++)
                {
                    for (int line = 0; line < 2; line++)
                    {
                        Value row = (_lane / 4) + ((i * BlockOuts) + (line * 8));
                        for (int j = 0; j < _plan.Blocks; j++)
                        {
                            Value at = (row * ResultLead) + (_across * (_plan.Blocks * BlockNumbers)) + (_lane % 4 * 2) + (j * BlockNumbers);
                            int sum = (((i * _plan.Blocks) + j) * RegistersOfBlock) + (2 * line);
                            Value[] values = [_sums[sum].Value, _sums[sum + 1].Value];
                            if (down > 0)
                            {
                                Value[] before = _k.LoadVector(results, at, 2);
                                values = [before[0] + values[0], before[1] + values[1]];
                            }

                            _k.StoreVector(results, at, values);
                        }
                    }
                }
            });
        }

        _k.Barrier();
        var totals = new Value[_plan.Outs * _plan.Numbers / StemWeightPlan.GroupSize];
        int width = Math.Min(4, totals.Length);
        for (int i = 0; i < totals.Length; i += width)
        {
            (Value row, Value number) = Place(i);
            _k.LoadVector(results, (row * ResultLead) + number, width).CopyTo(totals, i);
        }

        return totals;
    }

    /// <summary>The channel and the number of a window of a sum that <see cref="Totals"/> passes on.</summary>
    public (Value Out, Value Number) Place(int i)
    {
        int width = Math.Min(4, _plan.Outs * _plan.Numbers / StemWeightPlan.GroupSize);
        Value at = (_k.LocalId * width) + (i / width * width * StemWeightPlan.GroupSize), row = at / _plan.Numbers;
        return (row, at - (row * _plan.Numbers) + (i % width));
    }

    // Rows of eight times sixteen bytes, or four rows of eight words in tf32, fall into different banks.
    private static int LeadOf(in StemWeightPlan plan, TileMath math) => math.IsHalf ? (plan.Outs / 2) + 4 : plan.Outs + 8;

    private static int StageWordsOf(in StemWeightPlan plan, TileMath math) =>
        (((StemShape.TilePixels * LeadOf(plan, math)) + StemPatch.Margin + plan.Shape.Words + 3) / 4 * 4) + StemPatch.Margin;

    /// <summary>For each of the lane's registers of a row the bits of columns that exist.</summary>
    private Value[] ColumnMasks(Value columns)
    {
        Value Bits(Value column, int bits) => _k.Select(column < columns, _k.Int32(bits), _k.Int32(0));
        int perRow = 2 * StemShape.TileColumns / _math.Step;
        return [.. Enumerable.Range(0, perRow).Select(i => _math.IsHalf
            ? Bits((_lane % 4 * 2) + (8 * i), 0xFFFF) | Bits((_lane % 4 * 2) + ((8 * i) + 1), unchecked((int)0xFFFF0000))
            : Bits((_lane % 4) + (4 * i), -1))];
    }

    /// <summary>Gradients of 16 bits: matrix loads turn them.</summary>
    private Value[][] Halves(Value row)
    {
        Value at = row + (((_lane / 16 * 8) + (_lane % 8)) * Lead) + (_lane / 8 % 2 * 4);
        return [.. Enumerable.Range(0, OutBlocks).Select(i => _k.LoadMatrix(_shared, at + (i * BlockOuts / 2), transposed: true))];
    }

    /// <summary>Gradients of 32 bits, one by one.</summary>
    private Value[][] Singles(Value pixels)
    {
        Value at = pixels + (_lane % 4 * Lead) + (_lane / 4);
        return [.. Enumerable.Range(0, OutBlocks).Select(i => Array.ConvertAll(
            [0, 8, 4 * Lead, (4 * Lead) + 8], offset => _k.Load(_shared, at + ((i * BlockOuts) + offset)).As(RegisterType.UInt32)))];
    }

    private Value Factor(Value at, Value mask) => (_k.Load(_shared, at) & mask).As(RegisterType.UInt32);
}
