namespace Engine.Gpu;

/// <summary>
/// The inner part of a <see cref="PatchWeightKernel"/>: for all taps of the filters at once, channels of the result's gradient by channels of the image, summed over
/// pixels on tensor cores.
/// </summary>
/// <remarks>
/// A group holds a block of pixels with all that their windows reach, and the gradients of 32 of them at a time. Each gradient's factor is multiplied by the
/// pixel under every tap. Where a tap lies outside of the image, a lane reads zeros instead.
/// </remarks>
internal sealed class PatchWeightProduct
{
    /// <summary>Work-items of a group.</summary>
    public const int GroupSize = 256;

    /// <summary>Channels of the result of a group.</summary>
    public const int Outs = 64;

    /// <summary>Channels of the image of a group.</summary>
    public const int Ins = 32;

    /// <summary>Pixels of a block.</summary>
    public const int Block = 128;

    /// <summary>Pixels whose gradients are in shared memory at a time.</summary>
    public const int Step = 32;

    // A warp sums two blocks of 16 rows by one of 8 columns, for each tap.
    private const int WarpOuts = 32, WarpIns = 8, Halves = 2, RegistersOfBlock = 4;

    private readonly KernelBuilder _k;
    private readonly TileMath _math;
    private readonly int _taps, _patchWords;
    private readonly Memory _shared;
    private readonly FactorWriter _writer;
    private readonly Variable[] _sums;
    private readonly Value _lane, _firstOut, _firstIn;

    /// <summary>Sets up shared memory and the sums.</summary>
    public PatchWeightProduct(KernelBuilder k, TileMath math, int patchPixels, int taps)
    {
        (_k, _math, _taps) = (k, math, taps);
        _patchWords = patchPixels * PatchLead(math);
        _shared = k.Shared("tiles", DType.Int32, Words(math, patchPixels));
        _writer = new FactorWriter(k, _shared, math);
        Value warp = k.LocalId / 32;
        _lane = k.LocalId % 32;
        (_firstOut, _firstIn) = (warp / (Ins / WarpIns) * WarpOuts, warp % (Ins / WarpIns) * WarpIns);
        _sums = k.Variables(taps * Halves * RegistersOfBlock, k.Constant(RegisterType.Float32, 0));
        k.Store(_shared, k.LocalId + ZeroRow, k.Int32(0), k.LocalId < PatchLead(math));
    }

    /// <summary>The sums of a group as those of a product: an item has two blocks of four for each tap.</summary>
    public static GemmTile TileOf(int taps) => new(Outs * taps, Ins, Step, Halves * taps, RegistersOfBlock);

    private int PatchStart => 2 * Step * GradLead(_math);

    private int MaskStart => PatchStart + (2 * _patchWords);

    private int ZeroRow => MaskStart + (2 * Block);

    /// <summary>Words of shared memory: gradients of two steps, two patches, what their pixels see, a row of zeros.</summary>
    public static int Words(TileMath math, int patchPixels) => (2 * Step * GradLead(math)) + (2 * patchPixels * PatchLead(math)) + (2 * Block) + PatchLead(math);

    /// <summary>Writes neighbouring channels of a gradient.</summary>
    /// <param name="stage">0 or 1.</param>
    /// <param name="pixel">The pixel of the step.</param>
    /// <param name="channel">The first channel of the group's.</param>
    /// <param name="values">The numbers; or the words that hold them.</param>
    public void WriteGrad(int stage, Value pixel, Value channel, Value[] values) =>
        _writer.Write((pixel * GradLead(_math)) + (stage * Step * GradLead(_math)), channel, values, null);

    /// <summary>Writes neighbouring channels of a pixel of the patch.</summary>
    /// <param name="buffer">0 or 1, Int32.</param>
    /// <param name="pixel">The pixel of the patch.</param>
    /// <param name="channel">The first channel of the group's.</param>
    /// <param name="values">The numbers; or the words that hold them.</param>
    /// <param name="condition">Whether there is such a pixel.</param>
    public void WritePatch(Value buffer, Value pixel, Value channel, Value[] values, Value condition) =>
        _writer.Write((pixel * PatchLead(_math)) + (buffer * _patchWords) + PatchStart, channel, values, condition);

    /// <summary>Writes which taps of a pixel of the block exist, one bit each.</summary>
    public void WriteMask(Value buffer, Value pixel, Value seen) => _k.Store(_shared, pixel + (buffer * Block) + MaskStart, seen, pixel < Block);

    /// <summary>Adds the products of one step.</summary>
    /// <param name="stage">The buffer of the gradients, 0 or 1.</param>
    /// <param name="step">The step in the block.</param>
    /// <param name="buffer">The buffer of the patch, 0 or 1, Int32.</param>
    /// <param name="tapPixels">Pixels of the patch from the lowest tap of a pixel to each of its taps.</param>
    public void Multiply(int stage, int step, Value buffer, Value[] tapPixels)
    {
        Value[] tapWords = Array.ConvertAll(tapPixels, pixels => pixels * PatchLead(_math));
        if (_math.IsHalf)
        {
            MultiplyHalves(stage, step, buffer, tapWords);
        }
        else
        {
            MultiplyTf32(stage, step, buffer, tapWords);
        }
    }

    /// <summary>The item's sums.</summary>
    public Value[] Sums => Array.ConvertAll(_sums, sum => sum.Value);

    /// <summary>Passes sums on: the tap, the channel of the result, the channel of the image (of the group's) and the sums for it and the next.</summary>
    public void ForEach(Value[] sums, Action<int, Value, Value, Value, Value> body)
    {
        for (int tap = 0; tap < _taps; tap++)
        {
            for (int half = 0; half < Halves; half++)
            {
                int at = ((tap * Halves) + half) * RegistersOfBlock;
                for (int line = 0; line < 2; line++)
                {
                    Value row = _firstOut + (_lane / 4) + ((half * 16) + (line * 8));
                    body(tap, row, _firstIn + (_lane % 4 * 2), sums[at + (2 * line)], sums[at + (2 * line) + 1]);
                }
            }
        }
    }

    // Rows of eight times sixteen bytes, or four rows of eight words in tf32, fall into different banks.
    private static int PatchLead(TileMath math) => math.IsHalf ? (Ins / 2) + 4 : Ins + 8;

    private static int GradLead(TileMath math) => math.IsHalf ? (Outs / 2) + 4 : Outs + 8;

    /// <summary>Matrix loads turn both operands: a lane names one pixel of the step.</summary>
    private void MultiplyHalves(int stage, int step, Value buffer, Value[] tapWords)
    {
        const int Depth = 16;
        int lead = GradLead(_math);
        Value gradAt = (((_lane / 16 * 8) + (_lane % 8)) * lead) + (_firstOut / 2) + (_lane / 8 % 2 * 4) + (stage * Step * lead);
        var a = new Value[Step / Depth][][];
        for (int depth = 0; depth < a.Length; depth++)
        {
            a[depth] = [.. Enumerable.Range(0, Halves).Select(half => _k.LoadMatrix(_shared, gradAt + ((depth * Depth * lead) + (half * 8)), transposed: true))];
        }

        Value pixel = _lane + (step * Step);
        Value seen = _k.Load(_shared, pixel + (buffer * Block) + MaskStart);
        Value row = (pixel * PatchLead(_math)) + (_firstIn / 2) + (buffer * _patchWords) + PatchStart, zeros = (_firstIn / 2) + ZeroRow;
        for (int tap = 0; tap < _taps; tap++)
        {
            Value[] b = _k.LoadMatrix(_shared, At(seen, tap, row + tapWords[tap], zeros), transposed: true);
            for (int depth = 0; depth < a.Length; depth++)
            {
                Multiply(tap, a[depth], b[2 * depth], b[(2 * depth) + 1]);
            }
        }
    }

    /// <summary>Matrix loads cannot turn numbers of 32 bits: factors are read one by one.</summary>
    private void MultiplyTf32(int stage, int step, Value buffer, Value[] tapWords)
    {
        const int Depth = 8;
        int lead = GradLead(_math);
        Value gradAt = (_lane % 4 * lead) + _firstOut + (_lane / 4) + (stage * Step * lead);
        Value maskAt = (_lane % 4) + (buffer * Block) + (MaskStart + (step * Step));
        Value rowAt = (_lane % 4 * PatchLead(_math)) + _firstIn + (_lane / 4) + (buffer * _patchWords) + (PatchStart + (step * Step * PatchLead(_math)));
        Value zeros = _firstIn + (_lane / 4) + ZeroRow;
        for (int depth = 0; depth < Step; depth += Depth)
        {
            var a = new Value[Halves][];
            for (int half = 0; half < Halves; half++)
            {
                int start = (depth * lead) + (half * 16);
                a[half] = Array.ConvertAll([0, 8, 4 * lead, (4 * lead) + 8], offset => Factor(gradAt + (start + offset)));
            }

            Value near = _k.Load(_shared, maskAt + depth), far = _k.Load(_shared, maskAt + (depth + 4));
            Value nearRow = rowAt + (depth * PatchLead(_math)), farRow = rowAt + ((depth + 4) * PatchLead(_math));
            for (int tap = 0; tap < _taps; tap++)
            {
                Multiply(tap, a, Factor(At(near, tap, nearRow + tapWords[tap], zeros)), Factor(At(far, tap, farRow + tapWords[tap], zeros)));
            }
        }
    }

    private Value At(Value seen, int tap, Value row, Value zeros) => _k.Select((seen & (1 << tap)).Is(0), zeros, row);

    private Value Factor(Value at) => _k.Load(_shared, at).As(RegisterType.UInt32);

    private void Multiply(int tap, Value[][] a, Value near, Value far)
    {
        for (int half = 0; half < Halves; half++)
        {
            int at = ((tap * Halves) + half) * RegistersOfBlock;
            _k.AddMma(_math.Shape, a[half], [near, far], _sums[at..(at + RegistersOfBlock)]);
        }
    }
}
