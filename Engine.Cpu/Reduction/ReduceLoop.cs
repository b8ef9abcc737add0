using System.Numerics;

namespace Engine.Cpu;

/// <summary>Runs the prologue over a share of a reduction's items and combines its results.</summary>
internal readonly unsafe struct ReduceLoop(
    TileProgram prologue, ReducePlan* plan, ReduceTarget* target, ReduceKernels[] kernels, byte* uniforms, double* parameters, int parts) : IParallelBody
{
    /// <summary>So many rows are added in float32 before the sums go over to double precision.</summary>
    private const int RowsPerBlock = 128;

    private bool IsInteger => !prologue.ComputeType.IsFloatingPoint();

    public void Run(int part, int worker)
    {
        MapPlan* tiles = &plan->Tiles;
        var runner = new TileRunner(prologue, tiles, uniforms, parameters);
        using ScratchLease scratch = Scratch.Rent(runner.ScratchBytes);
        runner.Bind(scratch.Pointer);
        long end = plan->Items * (part + 1) / parts;
        for (long item = plan->Items * part / parts; item < end; item++)
        {
            (long whole, long chunk) = Math.DivRem(item, plan->Chunks);
            if (plan->Columns)
            {
                RunColumns(ref runner, whole, chunk);
            }
            else
            {
                RunRows(ref runner, whole, chunk);
            }
        }
    }

    private void RunRows(ref TileRunner runner, long whole, long chunk)
    {
        long* origin = stackalloc long[IterationSpace.MaxOperands];
        Accumulator* results = stackalloc Accumulator[ReduceProgram.MaxAccumulators];
        long end = Math.Min(plan->ResultCount, (whole + 1) * plan->ResultsPerItem);
        long lastTile = plan->Tiles.Tiles * (chunk + 1) / plan->Chunks;
        for (long result = whole * plan->ResultsPerItem; result < end; result++)
        {
            SetOrigin(ref runner, origin, result);
            for (int k = 0; k < kernels.Length; k++)
            {
                results[k] = Accumulator.Start(kernels[k].Combiner, prologue.ComputeType);
            }
            for (long tile = plan->Tiles.Tiles * chunk / plan->Chunks; tile < lastTile; tile++)
            {
                runner.Run(tile);
                for (int k = 0; k < kernels.Length; k++)
                {
                    int slot = prologue.OutputSlots[k];
                    kernels[k].Row(runner.Pointer(slot), runner.Mask(slot), runner.Count, runner.First, results + k);
                }
            }

            for (int k = 0; k < kernels.Length; k++)
            {
                Put(k, chunk, result, results[k]);
            }
        }
    }

    private void RunColumns(ref TileRunner runner, long tile, long chunk)
    {
        int elementBytes = prologue.ComputeType.SizeInBytes();
        nint width = plan->Tiles.Tile;
        bool widens = prologue.ComputeType == DType.Float32;
        nint rowBytes = ((width * elementBytes) + TileUniforms.Bytes - 1) & -TileUniforms.Bytes, wideBytes = widens ? width * sizeof(double) : 0;
        using ScratchLease scratch = Scratch.Rent(kernels.Length * ((2 * rowBytes) + wideBytes));
        byte* rows = scratch.Pointer, indices = rows + (kernels.Length * rowBytes);
        var wide = (double*)(indices + (kernels.Length * rowBytes));
        long* origin = stackalloc long[IterationSpace.MaxOperands];

        long first = plan->Others.Count * chunk / plan->Chunks, end = plan->Others.Count * (chunk + 1) / plan->Chunks;
        int inBlock = 0;
        bool wideUsed = false, asTheyLie = SumsAsTheyLie;
        for (long i = first; i < end; i++)
        {
            SetOrigin(ref runner, origin, i);
            runner.Run(tile);
            if (asTheyLie)
            {
                nint count = (nint)Math.Min(end - i, widens ? RowsPerBlock : end - i);
                AddRows(ref runner, count, rows, begins: i == first || widens);
                i += count - 1;
                inBlock += (int)Math.Min(count, RowsPerBlock) - 1;
            }
            else
            {
                for (int k = 0; k < kernels.Length; k++)
                {
                    JoinRow(k, ref runner, rows + (k * rowBytes), indices + (k * rowBytes), i, isFirst: i == first, startsBlock: inBlock == 0);
                }
            }
            if (++inBlock < RowsPerBlock || !widens)
            {
                continue;
            }
            for (int k = 0; k < kernels.Length; k++)
            {
                if (kernels[k].Combiner == Combiner.Sum)
                {
                    AddTo(wide + (k * width), (float*)(rows + (k * rowBytes)), runner.Count, fresh: !wideUsed);
                }
            }

            (inBlock, wideUsed) = (0, true);
        }

        for (int k = 0; k < kernels.Length; k++)
        {
            bool isWide = wideUsed && kernels[k].Combiner == Combiner.Sum;
            if (isWide && inBlock > 0)
            {
                AddTo(wide + (k * width), (float*)(rows + (k * rowBytes)), runner.Count, fresh: false);
            }
            PutRow(k, chunk, ref runner, rows + (k * rowBytes), indices + (k * rowBytes), isWide ? wide + (k * width) : null);
        }
    }

    /// <summary>Whether the rows to be added are rows of a matrix in memory, at one distance.</summary>
    private bool SumsAsTheyLie =>
        prologue.IsCopy && kernels.Length == 1 && kernels[0].AddRows != null && plan->Others.Rank <= 1 && plan->Tiles.View(0).Access == OperandAccess.Direct;

    /// <summary>Adds rows from the runner's tile on.</summary>
    private void AddRows(ref TileRunner runner, nint count, byte* sums, bool begins)
    {
        int elementBytes = prologue.ComputeType.SizeInBytes();
        nint pitch = count == 1 ? 0 : (nint)plan->Others.Distance(0, 1, plan->Others.Rank) * elementBytes;
        kernels[0].AddRows(runner.Pointer(prologue.OutputSlots[0]), pitch, count, sums, runner.Count * elementBytes, begins);
    }

    private void JoinRow(int k, ref TileRunner runner, byte* row, byte* indices, long index, bool isFirst, bool startsBlock)
    {
        int slot = prologue.OutputSlots[k];
        byte* values = runner.Pointer(slot);
        nint mask = runner.Mask(slot), bytes = runner.Count * prologue.ComputeType.SizeInBytes();
        Combiner combiner = kernels[k].Combiner;
        // A row of sums that was added to the double-precision row starts again; the rows of other combiners continue.
        if (isFirst || (startsBlock && combiner == Combiner.Sum && prologue.ComputeType == DType.Float32))
        {
            byte** p = stackalloc byte*[] { values, row };
            kernels[k].Move(p, &mask, bytes);
            if (combiner.YieldsIndex())
            {
                FillIndices(indices, bytes, index);
            }
        }
        else if (combiner.YieldsIndex())
        {
            kernels[k].Locate(values, mask, row, indices, index, bytes);
        }
        else
        {
            byte** p = stackalloc byte*[] { row, values, row };
            nint* m = stackalloc nint[] { -1, mask };
            kernels[k].Join(p, m, bytes);
        }
    }

    private void FillIndices(byte* indices, nint bytes, long index)
    {
        if (prologue.ComputeType.SizeInBytes() == sizeof(int))
        {
            new Span<int>(indices, (int)(bytes / sizeof(int))).Fill((int)index);
        }
        else
        {
            new Span<long>(indices, (int)(bytes / sizeof(long))).Fill(index);
        }
    }

    private void PutRow(int k, long chunk, ref TileRunner runner, byte* row, byte* indices, double* wide)
    {
        Combiner combiner = kernels[k].Combiner;
        long first = runner.First;
        if (target->PartialSums != null)
        {
            double* sums = target->PartialSums + target->PartialIndex(k, chunk, kernels.Length, plan->ResultCount) + first;
            for (nint j = 0; j < runner.Count; j++)
            {
                sums[j] = wide != null ? wide[j] : prologue.ComputeType == DType.Float32 ? ((float*)row)[j] : ((double*)row)[j];
            }
            return;
        }
        if (target->Partials == null && wide == null && !combiner.YieldsIndex() && target->Type == prologue.ComputeType)
        {
            nint bytes = runner.Count * prologue.ComputeType.SizeInBytes();
            Buffer.MemoryCopy(row, target->Values(k) + (first * prologue.ComputeType.SizeInBytes()), bytes, bytes);
            return;
        }

        for (nint j = 0; j < runner.Count; j++)
        {
            var result = new Accumulator { Seen = true };
            switch (prologue.ComputeType)
            {
                case DType.Float32: (result.Value, result.Index) = (wide == null ? ((float*)row)[j] : wide[j], ((int*)indices)[j]); break;
                case DType.Float64: (result.Value, result.Index) = (((double*)row)[j], ((long*)indices)[j]); break;
                case DType.Int32: (result.Integer, result.Index) = (((int*)row)[j], ((int*)indices)[j]); break;
                default: (result.Integer, result.Index) = (((long*)row)[j], ((long*)indices)[j]); break;
            }

            Put(k, chunk, first + j, result);
        }
    }

    private void Put(int k, long chunk, long result, in Accumulator value)
    {
        long partial = target->PartialIndex(k, chunk, kernels.Length, plan->ResultCount) + result;
        if (target->PartialSums != null)
        {
            target->PartialSums[partial] = value.Value;
        }
        else if (target->Partials != null)
        {
            target->Partials[partial] = value;
        }
        else
        {
            value.Write(kernels[k].Combiner, target->Type, IsInteger, target->Values(k), result);
        }
    }

    private void SetOrigin(ref TileRunner runner, long* origin, long index)
    {
        for (int k = 0; k < plan->Others.Operands; k++)
        {
            origin[k] = plan->Others.Distance(k, index, plan->Others.Rank);
        }
        runner.MoveTo(origin);
    }

    private static void AddTo(double* wide, float* row, nint count, bool fresh)
    {
        // The sum that changes nothing, not even a negative zero.
        if (fresh)
        {
            new Span<double>(wide, (int)count).Fill(-0.0);
        }
        nint j = 0;
        for (; j <= count - Vector<float>.Count; j += Vector<float>.Count)
        {
            Vector.Widen(Vector.Load(row + j), out Vector<double> low, out Vector<double> high);
            (Vector.Load(wide + j) + low).Store(wide + j);
            (Vector.Load(wide + j + Vector<double>.Count) + high).Store(wide + j + Vector<double>.Count);
        }

        for (; j < count; j++)
        {
            wide[j] += row[j];
        }
    }
}
