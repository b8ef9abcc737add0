using System.Collections.Concurrent;

namespace Engine.Cpu;

internal sealed partial class CpuBackend
{
    /// <summary>A few additions, products and roots.</summary>
    private const int MostCostInDouble = 16;

    private readonly ConcurrentDictionary<(ReduceProgram Program, DType ComputeType), TileReduction> _tileReductions = new();

    protected override unsafe void ReduceCore(in ReduceArgs args)
    {
        TileReduction reduction = Translate(args.Program, args.ComputeType);
        TileProgram prologue = reduction.Prologue, epilogue = reduction.Epilogue;
        DType resultType = epilogue.ComputeType;
        ReduceKernels[] kernels = reduction.Kernels;
        int accumulators = kernels.Length;
        ReducePlan.Create(args, prologue, out ReducePlan plan);

        MapPlan output = plan.Outputs(args, epilogue, resultType);
        bool isDirect = accumulators == 1 && epilogue.IsCopy && output.View(1).DType == resultType && output.Space.IsContiguous(1);
        nint valueBytes = isDirect ? 0 : (((nint)plan.ResultCount * resultType.SizeInBytes()) + Scratch.Alignment - 1) & -Scratch.Alignment;
        bool onlySums = args.ComputeType.IsFloatingPoint() && Array.TrueForAll(kernels, static kernel => kernel.Combiner == Combiner.Sum);
        nint partialBytes = plan.Chunks == 1 ? 0 : (nint)plan.ResultCount * accumulators * plan.Chunks * (onlySums ? sizeof(double) : sizeof(Accumulator));
        int uniforms = (prologue.Uniforms.Count + epilogue.Uniforms.Count) * TileUniforms.Bytes;
        using ScratchLease scratch = Scratch.Rent(uniforms + (accumulators * valueBytes) + partialBytes);
        byte* epilogueUniforms = scratch.Pointer + (prologue.Uniforms.Count * TileUniforms.Bytes);
        prologue.Uniforms.Write(args.Parameters, scratch.Pointer);
        epilogue.Uniforms.Write(args.Parameters, epilogueUniforms);

        byte* values = scratch.Pointer + uniforms;
        var target = new ReduceTarget { Type = resultType };
        for (int k = 0; k < accumulators; k++)
        {
            output.View(k).Base = values + (k * valueBytes);
            target.SetValues(k, isDirect ? output.View(1).Base : values + (k * valueBytes));
        }

        if (plan.Chunks > 1)
        {
            byte* partials = values + (accumulators * valueBytes);
            target.Partials = onlySums ? null : (Accumulator*)partials;
            target.PartialSums = onlySums ? (double*)partials : null;
        }

        fixed (double* parameters = args.Parameters)
        {
            int parts = Parts(args.Shape.ElementCount * (prologue.Cost + accumulators), plan.Items);
            var loop = new ReduceLoop(prologue, &plan, &target, kernels, scratch.Pointer, parameters, parts);
            _pool.Run(parts, ref loop);
            if (plan.Chunks > 1)
            {
                target.JoinChunks(plan, kernels, args.ComputeType);
            }

            if (isDirect)
            {
                return;
            }

            parts = Parts(plan.ResultCount * epilogue.Cost, output.Tiles);
            var finish = new MapLoop(epilogue, &output, epilogueUniforms, parameters, parts);
            _pool.Run(parts, ref finish);
        }
    }

    private TileReduction Translate(ReduceProgram program, DType computeType)
    {
        if (_tileReductions.TryGetValue((program, computeType), out TileReduction? translated))
        {
            return translated;
        }
        if (_tileReductions.Count >= MaxCachedPrograms)
        {
            _tileReductions.Clear();
        }
        // An index that is the whole result is passed on as an integer: float32 does not distinguish all integers above 2²⁴.
        bool passesIndex = program.Combiners.Length == 1 && program.Combiners[0].YieldsIndex()
            && program.Epilogue.Code is [{ Op: ScalarOpcode.Input }] && program.Epilogue.OutputCount == 1;
        var kernels = new ReduceKernels[program.Combiners.Length];
        for (int k = 0; k < kernels.Length; k++)
        {
            kernels[k] = new ReduceKernels(program.Combiners[k], computeType, _level);
        }
        translated = new TileReduction(
            Translate(program.Prologue, computeType, keepsTiles: true),
            passesIndex ? Translate(program.Epilogue, DType.Int64) : TranslateEpilogue(program.Epilogue, computeType),
            kernels);
        return _tileReductions.GetOrAdd((program, computeType), translated);
    }

    // Sums are held in double precision; a mean is rounded once if it is divided there too. Not worth it for functions that have no vector form.
    private TileProgram TranslateEpilogue(MapProgram epilogue, DType computeType)
    {
        TileProgram translated = Translate(epilogue, computeType);
        if (computeType != DType.Float32 || translated.IsCopy)
        {
            return translated;
        }
        TileProgram wide = Translate(epilogue, DType.Float64);
        return wide.Cost <= MostCostInDouble ? wide : translated;
    }
}
