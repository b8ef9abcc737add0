using System.Collections.Concurrent;

namespace Engine.Cpu;

internal sealed partial class CpuBackend
{
    /// <summary>
    /// A thread should have this much to do: waking and joining the workers costs 2 to 5 µs, additions in the L1 cache run at 4 a nanosecond.
    /// </summary>
    private const long WorkPerThread = 1 << 15;

    /// <summary>A host that makes up programs without end must not fill the memory with their translations.</summary>
    private const int MaxCachedPrograms = 4096;

    /// <summary>Parameter lists up to this length are read onto the stack; an optimizer's has 10.</summary>
    private const int StackParameters = 32;

    private readonly ConcurrentDictionary<(MapProgram Program, DType ComputeType, bool KeepsTiles), TileProgram> _tilePrograms = new();

    protected override unsafe void MapCore(in MapArgs args)
    {
        if (args.ParameterMemory is not null || args.DrawOffset is not null)
        {
            MapWithMemory(args);
            return;
        }

        if (ScaleShift.TryRun(args, _level, _pool))
        {
            return;
        }

        TileProgram program = Translate(args.Program, args.ComputeType);
        if (program.IsCopy && args.Inputs[program.Sources[0].Number].DType == args.Outputs[0].DType)
        {
            Copy(args.Inputs[program.Sources[0].Number], args.Outputs[0], args.Shape);
            return;
        }

        MapPlan.Create(args, program, out MapPlan plan);
        int parts = Parts(plan.Space.Count * program.Cost, plan.Tiles);
        using ScratchLease uniforms = Scratch.Rent(program.Uniforms.Count * TileUniforms.Bytes);
        program.Uniforms.Write(args.Parameters, uniforms.Pointer);
        fixed (double* parameters = args.Parameters)
        {
            var loop = new MapLoop(program, &plan, uniforms.Pointer, parameters, parts);
            _pool.Run(parts, ref loop);
        }
    }

    /// <summary>Parameters in memory cost one look: here they are read before the kernel and then passed like all others.</summary>
    private unsafe void MapWithMemory(in MapArgs args)
    {
        int count = args.Program.ParameterCount;
        Span<double> parameters = count <= StackParameters ? stackalloc double[count] : new double[count];
        if (args.ParameterMemory is { } memory)
        {
            for (int i = 0; i < count; i++)
            {
                parameters[i] = Value(memory, i);
            }
        }
        else
        {
            args.Parameters[..count].CopyTo(parameters);
        }

        if (args.DrawOffset is { } offset)
        {
            args.Program.ShiftDraws(parameters, *(long*)offset.Address);
        }
        Map(new MapArgs
        {
            Program = args.Program,
            ComputeType = args.ComputeType,
            Shape = args.Shape,
            Inputs = args.Inputs,
            Outputs = args.Outputs,
            Parameters = parameters,
        });
    }

    private static unsafe double Value(in Operand memory, int index) => memory.DType switch
    {
        DType.Float32 => ((float*)memory.Address)[index],
        DType.Float64 => ((double*)memory.Address)[index],
        DType.Int32 => ((int*)memory.Address)[index],
        _ => ((long*)memory.Address)[index],
    };

    /// <summary>The program in the form that the interpreter runs.</summary>
    private TileProgram Translate(MapProgram program, DType computeType, bool keepsTiles = false)
    {
        if (_tilePrograms.TryGetValue((program, computeType, keepsTiles), out TileProgram? translated))
        {
            return translated;
        }
        if (_tilePrograms.Count >= MaxCachedPrograms)
        {
            _tilePrograms.Clear();
        }
        return _tilePrograms.GetOrAdd(
            (program, computeType, keepsTiles), static (key, level) => TileCompiler.Compile(key.Program, key.ComputeType, level, key.KeepsTiles), _level);
    }

    /// <summary>Into how many parts work of that size is cut; results do not depend on it where each element is computed on its own.</summary>
    private int Parts(long work, long most) => Partition.Parts(_pool, work, most, WorkPerThread);
}
