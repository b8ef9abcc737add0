namespace Engine.Gpu;

internal partial class GpuBackend
{
    /// <summary>Elements of a group on a processor: fewer are not worth its start.</summary>
    private const long LeastElementsOfProcessorGroup = 4096;

    /// <summary>Most elements of one launch; tests lower it.</summary>
    internal long MostElementsOfLaunch { get; set; } = MapPlan.MostElements;

    /// <summary>Elements from which on operands that lie across each other go through tiles; tests lower it.</summary>
    internal long LeastElementsOfTransposition { get; set; } = 1 << 14;

    protected override void MapCore(in MapArgs args)
    {
        IterationSpace space = MapPlan.Loops(args);
        if (MapPlan.MostArgumentBytes(args, space) > Target.MaxArgumentBytes && MapThroughCopies(args))
        {
            return;
        }

        LaunchParts parts = new(space, MostElementsOfLaunch);
        for (long part = 0; part < parts.Count; part++)
        {
            LaunchMap(args, parts[part], parts.First(part), isWhole: parts.Count == 1);
        }
    }

    private void LaunchMap(in MapArgs args, in IterationSpace space, long firstIndex, bool isWhole)
    {
        if (space.Count >= LeastElementsOfTransposition && LaunchTransposing(args, space))
        {
            return;
        }

        MapKernel kernel = MapPlan.Choose(args, space, Target, isWhole);
        ArgumentList arguments = new(stackalloc KernelArgument[96]);
        long items = space.Count / kernel.Width;
        long itemsOfGroup = Target.IsProcessor
            ? Math.Max((items + (Target.ComputeUnits * 4) - 1) / (Target.ComputeUnits * 4), LeastElementsOfProcessorGroup)
            : MapKernel.GroupSize(Target) * kernel.Unroll;
        kernel.Bind(ref arguments, args, space, (int)itemsOfGroup, firstIndex);

        // Elements that fill no vector are the first group's affair, which has to exist.
        int groups = (int)Math.Max((items + itemsOfGroup - 1) / itemsOfGroup, 1);
        if (IndependentLaunches.Current is { HasMaps: true })
        {
            LaunchAlone(kernel, MapKernel.GroupSize(Target), new LaunchGrid(groups), arguments.Span);
        }
        else
        {
            Launch(kernel, new LaunchGrid(groups), arguments.Span);
        }
    }

    /// <summary>Through tiles, where operands lie across each other.</summary>
    private bool LaunchTransposing(in MapArgs args, in IterationSpace space)
    {
        if (!TransposingMapPlan.TryCreate(args, space, Target, out TransposingMapPlan plan))
        {
            return false;
        }

        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        plan.Kernel.Bind(ref arguments, args, plan);
        Launch(plan.Kernel, new LaunchGrid((int)plan.Groups), arguments.Span);
        return true;
    }

    /// <summary>Operands that are found by coordinates need many arguments: where those are too many, contiguous copies take their place.</summary>
    /// <returns>False if all operands are contiguous, so that nothing would be won.</returns>
    private bool MapThroughCopies(in MapArgs args)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        bool copied = false;
        var inputs = new Operand[args.Inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = args.Inputs[i];
            if (args.Program.UsesInput(i) && !IsPlain(inputs[i].Layout))
            {
                Tensor copy = Tensor.Empty(args.Shape, inputs[i].DType, inputs[i].Storage.Device);
                Pointwise.Into(copy, Programs.Copy, [inputs[i].ToTensor()]);
                inputs[i] = copy.Operand;
                copied = true;
            }
        }

        var results = new Tensor?[args.Outputs.Length];
        var outputs = new Operand[args.Outputs.Length];
        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i] = args.Outputs[i];
            if (!IsPlain(outputs[i].Layout))
            {
                Tensor result = Tensor.Empty(args.Shape, outputs[i].DType, outputs[i].Storage.Device);
                (results[i], outputs[i]) = (result, result.Operand);
                copied = true;
            }
        }

        if (!copied)
        {
            return false;
        }

        Map(new MapArgs
        {
            Program = args.Program,
            ComputeType = args.ComputeType,
            Shape = args.Shape,
            Inputs = inputs,
            Outputs = outputs,
            Parameters = args.Parameters,
            ParameterMemory = args.ParameterMemory,
            DrawOffset = args.DrawOffset,
        });
        for (int i = 0; i < outputs.Length; i++)
        {
            if (results[i] is { } result)
            {
                Pointwise.Into(args.Outputs[i].ToTensor(), Programs.Copy, [result]);
            }
        }

        return true;

        static bool IsPlain(in Layout layout) => layout.IsContiguous || !layout.Strides.ContainsAnyExcept(0);
    }
}
