namespace Engine.Gpu;

internal partial class GpuBackend
{
    // A reduction of more elements is worth groups of its own choice.
    private const long MostElementsToJoin = 1 << 14;

    protected override void ReduceCore(in ReduceArgs args)
    {
        ReducePlan plan = ReducePlan.Create(args);
        if (ReduceLaunch.MostArgumentBytes(args, plan) > Target.MaxArgumentBytes)
        {
            ReduceThroughCopies(args);
            return;
        }

        LaunchParts parts = new(plan.Kept, MostElementsOfLaunch);
        for (long part = 0; part < parts.Count; part++)
        {
            plan.Kept = parts[part];
            ReduceResults(args, plan);
        }
    }

    private void ReduceResults(in ReduceArgs args, in ReducePlan plan)
    {
        bool isWide = plan.Is64Bit(), isLong = plan.Elements > MostElementsOfLaunch;
        int width = isLong ? 1 : ReduceLaunch.WidthOf(args, plan, Target);
        ReduceShape shape = ReduceShape.Choose(ReduceTarget(plan.Results * plan.Elements), plan.Results, plan.Elements / width, plan.IsByColumns(), mayCut: true);
        var launch = new ReduceLaunch(args, plan, shape, width, isWide);
        if (shape.Chunks == 1 && !isLong)
        {
            ReduceKernel whole = launch.Kernel(ReduceStage.Whole);
            ArgumentList arguments = new(stackalloc KernelArgument[96]);
            launch.Bind(ref arguments, whole, plan.Reduced, plan.Elements / width, 0, 0, []);
            LaunchAlone(whole, shape.Columns * shape.Lanes, launch.Grid(1), arguments.Span);
            return;
        }

        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        LaunchParts parts = new(plan.Reduced, MostElementsOfLaunch);
        long chunks = parts.Count * shape.Chunks;
        isWide |= chunks * plan.Results >= MapPlan.MostElements * 2;
        launch = new ReduceLaunch(args, plan, shape, width, isWide);
        RegisterType[] types = Accumulators.SlotTypes(args.Program, args.ComputeType.InRegister(), isWide ? RegisterType.Int64 : RegisterType.Int32);
        Shape stateShape = [(int)chunks, (int)plan.Results];
        Operand[] states = Array.ConvertAll(types, type => Allocate(stateShape, type.InMemory()));
        for (long part = 0; part < parts.Count; part++)
        {
            LaunchChunks(launch, parts[part], states, (int)part * shape.Chunks, parts.First(part));
        }

        ReduceShape finish = ReduceShape.Choose(Target, plan.Results, (int)chunks, byColumns: true, mayCut: false);
        launch = new ReduceLaunch(args, plan, finish, 1, isWide);
        ReduceKernel last = launch.Kernel(ReduceStage.Finish);
        ArgumentList finishing = new(stackalloc KernelArgument[96]);
        launch.Bind(ref finishing, last, plan.Reduced, chunks, 0, 0, states);
        Launch(last, launch.Grid(1), finishing.Span);
    }

    /// <summary>The device; with the groups of other launches that a short reduction can go out with.</summary>
    private GpuTarget ReduceTarget(long elements) =>
        PreferredGroup is var group && group > 0 && group < Target.MaxGroupSize && elements <= MostElementsToJoin ? Target with { MaxGroupSize = group } : Target;

    /// <summary>The states of some chunks, in ascending order of the elements.</summary>
    private void LaunchChunks(in ReduceLaunch launch, in IterationSpace reduced, Operand[] states, int firstChunk, long firstItem)
    {
        ReduceKernel kernel = launch.Kernel(ReduceStage.Chunks);
        ArgumentList arguments = new(stackalloc KernelArgument[96]);
        launch.Bind(ref arguments, kernel, reduced, reduced.Count / kernel.Width, firstItem, firstChunk, states);
        Launch(kernel, launch.Grid(launch.Shape.Chunks), arguments.Span);
    }

    /// <summary>Where operands need too many arguments, the prologue's values are computed first, and then reduced one after another.</summary>
    private void ReduceThroughCopies(in ReduceArgs args)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        MapProgram prologue = args.Program.Prologue, epilogue = args.Program.Epilogue;
        Shape results = args.Outputs[0].Shape;
        var values = new Operand[prologue.OutputCount];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Allocate(args.Shape, args.ComputeType);
        }

        if (args.Shape.ElementCount > 0)
        {
            Map(new MapArgs { Program = prologue, ComputeType = args.ComputeType, Shape = args.Shape, Inputs = args.Inputs, Outputs = values, Parameters = args.Parameters });
        }

        var accumulated = new Operand[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            Combiner combiner = args.Program.Combiners[i];
            accumulated[i] = Allocate(results, combiner.YieldsIndex() ? DType.Int64 : args.ComputeType);
            Reduce(new ReduceArgs
            {
                Program = ReduceProgram.Create(Programs.Copy, [combiner], Programs.Copy),
                ComputeType = args.ComputeType,
                Axes = args.Axes,
                Shape = args.Shape,
                Inputs = [values[i]],
                Outputs = [accumulated[i]],
                Parameters = [],
            });
        }

        Map(new MapArgs { Program = epilogue, ComputeType = args.ComputeType, Shape = results, Inputs = accumulated, Outputs = args.Outputs, Parameters = args.Parameters });
    }

    private Operand Allocate(Shape shape, DType dtype) => Tensor.Empty(shape, dtype, _device).Operand;
}
