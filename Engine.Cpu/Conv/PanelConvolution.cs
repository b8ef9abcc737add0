using System.Numerics;

namespace Engine.Cpu;

/// <summary>A correlation as a matrix product, weights · inputs, whose right operand exists only in panels of a few outputs at a time.</summary>
/// <remarks>
/// Work is cut into items (images, group, block of output rows, block of output channels). An item copies a chunk of its input channels with their padding
/// (<see cref="PaddedPlane{T,TVec}"/>), from there a few panels of outputs, and multiplies. Outputs of small images share panels. An output is summed in
/// <see cref="TermBlocks"/> whatever the items, so results depend neither on the number of threads nor on the batch.
/// </remarks>
internal unsafe struct PanelConvolution<T, TVec> : IParallelBody
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>An input is copied for so many multiply-adds: fewer are left to <see cref="DirectConvolution{T,TVec}"/> (with 32 at stride 2 it gains; fewer than 24 were not measured).</summary>
    private const int FewestChannels = 24;

    /// <summary>Bytes of padded input that an item works on.</summary>
    private const int PaddedBytes = 192 << 10;

    /// <summary>Bytes of panels of inputs that lie in the second-level cache: beside weights of 320 KiB that stream, or, at 512 bits, where a block of them streams itself (not measured).</summary>
    private static int PanelBytes => GemmBlocks.StreamsAOf<T, TVec>() ? 128 << 10 : 384 << 10;

    /// <summary>Outputs that images are taken together for: of this many the last panel, which is not full, is a small part.</summary>
    private const int TogetherOutputs = 400;

    private Correlation _task;
    private TermBlocks _blocks;
    private OutputGrid _grid;
    private T* _input, _output, _packed;
    private nint* _offsets;
    private bool _relu, _streamsA;
    private PaddedPlane<T, TVec> _plane;
    private int _rowBlocks, _images, _imageBlocks, _channelBlocks, _blockPanels, _streamed;

    private static int PanelRows => GemmKernels<T, TVec>.PanelRows;

    private static int PanelColumns => GemmKernels<T, TVec>.PanelColumns;

    /// <summary>Whether a correlation has enough output channels, and terms, to be worth the copies.</summary>
    public static bool Suits(in Correlation task) => task.OutChannels >= FewestChannels && task.Taps >= 16 && (task.ReadsInputDirectly || PaddedPlane<T, TVec>.IsSmall(task));

    /// <summary>Computes all images; without a <paramref name="bias"/> sums start at 0.</summary>
    public static void Run(in Correlation task, in OutputGrid grid, T* input, T* weights, T* output, T* bias, bool relu, WorkerPool pool)
    {
        if (task.Batch == 0 || task.OutPlane == 0)
        {
            return;
        }

        using ScratchLease values = Scratch.Rent<T>(PreparedValues(task));
        using ScratchLease offsets = Scratch.Rent<nint>(task.Taps);
        PanelConvolution<T, TVec> body = Prepare(task, grid, input, weights, output, bias, relu, pool, pool.Threads, task.Batch, values.As<T>(), offsets.As<nint>());
        task.Loop(pool, body.Items, ref body);
    }

    /// <summary>Values that <see cref="Prepare"/> needs for packed weights and biases.</summary>
    public static nint PreparedValues(in Correlation task) => task.Groups * WeightPanels<T, TVec>.GroupSize(task, Blocks(task, isBiased: true));

    /// <summary>
    /// Packs the weights into <paramref name="values"/> and lists the taps in <paramref name="offsets"/>, one for each; work is cut for some <paramref name="threads"/>, and at most
    /// <paramref name="together"/> images are an item.
    /// </summary>
    public static PanelConvolution<T, TVec> Prepare(in Correlation task, in OutputGrid grid, T* input, T* weights, T* output, T* bias, bool relu,
        WorkerPool pool, int threads, int together, T* values, nint* offsets)
    {
        TermBlocks blocks = Blocks(task, bias != null);
        WeightPanels<T, TVec>.Pack(task, blocks, weights, bias, values, pool);
        PanelConvolution<T, TVec> body = new()
        {
            _task = task,
            _blocks = blocks,
            _grid = grid,
            _input = input,
            _output = output,
            _packed = values,
            _offsets = offsets,
            _relu = relu,
        };
        body.Plan(threads, together);
        body.WriteOffsets();
        return body;
    }

    /// <summary>Parts of the work.</summary>
    public readonly int Items => _imageBlocks * _task.Groups * _rowBlocks * _channelBlocks;

    /// <summary>Items of one image and group, if images are not taken together; those of the next follow.</summary>
    public readonly int ItemsOfUnit => _rowBlocks * _channelBlocks;

    private static TermBlocks Blocks(in Correlation task, bool isBiased)
        => new(task, isBiased, GemmBlocks.For<T, TVec>(PanelRows, PanelColumns, task.Taps).Terms);

    private void Plan(int threads, int together)
    {
        int outRows = _task.Rows.OutSize, units = _task.Batch * _task.Groups;
        GemmBlocks product = GemmBlocks.For<T, TVec>(_task.OutChannels, PanelColumns, _task.Taps);
        (_streamsA, _streamed) = (product.StreamsA, product.Streamed);
        _blockPanels = (int)Math.Max(1, PanelBytes / sizeof(T) / PanelStep);
        _rowBlocks = 1;
        _images = (int)Math.Clamp(TogetherOutputs / _task.OutPlane, 1, Math.Max(1, Math.Min(together, units / threads / _task.Groups)));
        if (!_task.ReadsInputDirectly)
        {
            nint channelValues = PaddedBytes / sizeof(T) / _blocks.MostChannels;
            if (units < threads)
            {
                channelValues = Math.Min(channelValues, new PaddedPlane<T, TVec>(_task, nint.MaxValue, 1, 1).Size * units / threads);
            }

            // Rows that fill their panels.
            int unit = PanelColumns / (int)BigInteger.GreatestCommonDivisor(PanelColumns, _task.Columns.OutSize);
            _plane = new(_task, channelValues, Math.Min(outRows, (4 * PanelColumns + _task.Columns.OutSize - 1) / _task.Columns.OutSize), unit);
            _rowBlocks = _plane.Blocks;
            _images = _rowBlocks > 1 ? 1 : (int)Math.Clamp(channelValues / _plane.Size, 1, _images);
        }

        _imageBlocks = (_task.Batch + _images - 1) / _images;
        _images = (_task.Batch + _imageBlocks - 1) / _imageBlocks;
        _imageBlocks = (_task.Batch + _images - 1) / _images;
        _channelBlocks = Math.Clamp(threads / (_imageBlocks * _task.Groups * _rowBlocks), 1, WeightPanels<T, TVec>.Panels(_task));
    }

    /// <summary>Values from panel to panel of inputs: a term more than there are, which copies may write into.</summary>
    private readonly nint PanelStep => (nint)(_blocks.MostTerms + 1) * PanelColumns;

    /// <summary>Values of the padded channels of one image.</summary>
    private readonly nint PaddedImage => _task.ReadsInputDirectly ? 0 : _blocks.MostChannels * _plane.Size;

    private readonly void WriteOffsets()
    {
        nint* offset = _offsets;
        for (int c = 0; c < _task.InChannels; c++)
        {
            // The channels of every chunk are copied to the same place.
            int chunk = _blocks.ChunkOf(c);
            for (int i = 0; i < _task.Rows.Count; i++)
            {
                for (int j = 0; j < _task.Columns.Count; j++)
                {
                    *offset++ = _task.ReadsInputDirectly
                        ? c * _task.InPlane + (nint)(_task.Rows.FirstOffset + i * _task.Rows.OffsetStep) * _task.Columns.InSize
                        : (c - _blocks.FirstChannel(chunk)) * _plane.Size + _plane.RowOffset(i) + _plane.ColumnOffset(j);
                }
            }
        }
    }

    public readonly void Run(int part, int worker)
    {
        int channelBlock = part % _channelBlocks, item = part / _channelBlocks, panels = WeightPanels<T, TVec>.Panels(_task);
        int rowBlock = item % _rowBlocks, unit = item / _rowBlocks, firstRow = FirstRow(rowBlock), rows = FirstRow(rowBlock + 1) - firstRow;
        int group = unit % _task.Groups, firstImage = unit / _task.Groups * _images, images = Math.Min(_images, _task.Batch - firstImage);
        int firstPanel = panels * channelBlock / _channelBlocks, endPanel = panels * (channelBlock + 1) / _channelBlocks, firstChannel = firstPanel * PanelRows;
        int channels = Math.Min(_task.OutChannels, endPanel * PanelRows) - firstChannel, run = rows * _task.Columns.OutSize;
        nint inputStep = _task.Groups * _task.InChannels * _task.InPlane, outputStep = _task.Groups * _task.OutChannels * _grid.Plane;
        T* input = _input + firstImage * inputStep + group * _task.InChannels * _task.InPlane;
        T* output = _output + firstImage * outputStep + (group * _task.OutChannels + firstChannel) * _grid.Plane + _grid.First + firstRow * _grid.RowStep;
        PanelOutput<T, TVec> target = new() { FirstPanel = firstPanel, Channels = channels, Run = run, Images = images, Output = output, ImageStep = outputStep, Pitch = _grid.Plane };
        if (_grid.IsDense(_task))
        {
            ChunkLoop(input, inputStep, group, firstRow, rows, target);
            return;
        }

        using ScratchLease block = Scratch.Rent<T>((nint)images * channels * run);
        ChunkLoop(input, inputStep, group, firstRow, rows, target with { Output = block.As<T>(), ImageStep = (nint)channels * run, Pitch = run });
        for (int image = 0; image < images; image++)
        {
            _grid.Scatter(block.As<T>() + (nint)image * channels * run, channels, rows, _task.Columns.OutSize, output + image * outputStep);
        }
    }

    private readonly int FirstRow(int block) => _task.ReadsInputDirectly ? block * _task.Rows.OutSize : _plane.FirstRow(block);

    private readonly void ChunkLoop(T* input, nint inputStep, int group, int firstRow, int rows, PanelOutput<T, TVec> target)
    {
        bool pads = !_task.ReadsInputDirectly;
        int columns = target.Images * target.Run, runs = target.Images * (pads ? rows : 1);
        using ScratchLease list = Scratch.Rent(InputPanels<T, TVec>.ListBytes(columns, runs));
        using ScratchLease padded = Scratch.Rent<T>(target.Images * PaddedImage + TVec.Count);
        using ScratchLease panels = Scratch.Rent<T>(Math.Min(_blockPanels, columns / PanelColumns + 1) * PanelStep);
        InputPanels<T, TVec> moves = new(list.Pointer, columns, runs, PanelStep);
        for (int run = 0; run < runs; run++)
        {
            moves.Add(pads ? run / rows * PaddedImage + run % rows * _plane.RowStep : run * inputStep, columns / runs);
        }

        T* packed = _packed + group * WeightPanels<T, TVec>.GroupSize(_task, _blocks), source = pads ? padded.As<T>() : input;
        T* last = pads ? source + target.Images * PaddedImage : input + (target.Images - 1) * inputStep + _task.InChannels * _task.InPlane - TVec.Count;
        for (int chunk = 0; chunk < _blocks.Chunks; chunk++)
        {
            int firstChannel = _blocks.FirstChannel(chunk), channels = pads ? _blocks.FirstChannel(chunk + 1) - firstChannel : 0;
            for (int i = 0; i < target.Images * channels; i++)
            {
                int image = i / channels, c = i % channels;
                _plane.Copy(input + image * inputStep + (firstChannel + c) * _task.InPlane, firstRow, firstRow + rows, source + image * PaddedImage + c * _plane.Size);
            }

            for (int block = chunk * _blocks.Splits; block < (chunk + 1) * _blocks.Splits; block++)
            {
                PanelLoop(moves, source, last, block, packed + (nint)WeightPanels<T, TVec>.Panels(_task) * PanelRows * _blocks.FirstTerm(block), panels.As<T>(), target);
            }
        }
    }

    /// <summary>All outputs of an item for a block of terms, a few panels at a time.</summary>
    private readonly void PanelLoop(in InputPanels<T, TVec> moves, T* source, T* last, int block, T* weights, T* panels, in PanelOutput<T, TVec> target)
    {
        int first = _blocks.FirstTap(block), taps = _blocks.FirstTap(block + 1) - first, terms = _blocks.TermsOf(block), columns = target.Images * target.Run;
        int step = _streamsA ? GemmBlocks.Even(target.Channels, _streamed, PanelRows) : PanelRows, all = (columns + PanelColumns - 1) / PanelColumns;
        bool isNear = !_task.ReadsInputDirectly;
        // Where all weights stream past at once, a panel is multiplied while it is in the first-level cache.
        int some = isNear && _streamsA && target.Channels <= step ? 1 : GemmBlocks.Even(all, _blockPanels, 1);
        GemmTile<T> tile = new()
        {
            K = terms,
            Alpha = T.One,
            Beta = block == 0 ? T.Zero : T.One,
            ARow = 1,
            AColumn = PanelRows,
            ANext = (nint)PanelRows * terms,
            BRow = PanelColumns,
            CRow = target.Pitch,
            CColumn = 1,
            CNext = PanelRows * target.Pitch,
            Relu = _relu && block == _blocks.Chunks * _blocks.Splits - 1,
            PrefetchC = true,
        };
        weights += (nint)target.FirstPanel * PanelRows * terms;
        for (int panel = 0; panel < all; panel += some)
        {
            int end = Math.Min(panel + some, all);
            if (isNear)
            {
                for (int j = panel; j < end; j++)
                {
                    moves.CopyNear(j, source, _offsets + first, taps, terms > taps, panels + (j - panel) * PanelStep);
                }
            }
            else
            {
                moves.Copy(panel, end, source, last, _offsets + first, taps, terms > taps, panels);
            }

            for (int i = 0; i < target.Channels; i += step)
            {
                for (int j = panel; j < end; j++)
                {
                    tile.B = panels + (j - panel) * PanelStep;
                    target.Multiply(tile, weights + (nint)i * terms, i, Math.Min(step, target.Channels - i), j * PanelColumns, Math.Min(PanelColumns, columns - j * PanelColumns));
                }
            }
        }
    }
}
