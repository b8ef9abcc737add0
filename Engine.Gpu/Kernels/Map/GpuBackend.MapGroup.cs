namespace Engine.Gpu;

internal partial class GpuBackend
{
    protected override void MapGroupCore(in MapGroupArgs args)
    {
        if (args.Count == 1 || args.ParameterStride != 0 || ClassesOf(args) is not { } classes)
        {
            base.MapGroupCore(args);
            return;
        }

        InPlaceOutputs inPlace = InPlaceOf(args, classes);
        int slots = MapGroupKernel.SlotsOf(args.Program, inPlace, Target, args.Count);
        if (slots < 2)
        {
            base.MapGroupCore(args);
            return;
        }

        ParameterForm form = new(args.ParameterMemory is not null && args.Program.ParameterCount > 0, HasDrawOffset: false);
        MapGroupKernel kernel = new(args.Program, args.ComputeType, classes, inPlace, slots, form);
        ArgumentList arguments = new(stackalloc KernelArgument[256]);
        for (int first = 0; first < args.Count; first += slots)
        {
            arguments.Clear();
            int groups = kernel.Bind(ref arguments, args, first, Target);
            Launch(kernel, new LaunchGrid(groups), arguments.Span);
        }
    }

    /// <summary>The outputs that are the same memory as an input in all items: the parameters and states of an optimizer.</summary>
    private static InPlaceOutputs InPlaceOf(in MapGroupArgs args, in OperandClasses classes)
    {
        MapProgram program = args.Program;
        InPlaceOutputs inPlace = default;
        for (int o = 0; o < Math.Min(program.OutputCount, InPlaceOutputs.Most); o++)
        {
            for (int i = 0; i < Math.Min(program.InputCount, InPlaceOutputs.Most); i++)
            {
                if (program.UsesInput(i) && classes.Access(i) == Access.Flat && IsSameMemory(args, i, o))
                {
                    inPlace = inPlace.With(o, i);
                    break;
                }
            }
        }

        return inPlace;
    }

    private static bool IsSameMemory(in MapGroupArgs args, int input, int output)
    {
        for (int item = 0; item < args.Count; item++)
        {
            Operand from = args.Inputs[(item * args.Program.InputCount) + input], to = args.Outputs[(item * args.Program.OutputCount) + output];
            if (from.Storage != to.Storage || from.DType != to.DType || from.Layout.Offset != to.Layout.Offset)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The operands' classes where they are the same for all items, else null. An item of one element fits any.</summary>
    private static OperandClasses? ClassesOf(in MapGroupArgs args)
    {
        MapProgram program = args.Program;
        OperandClasses classes = default;
        for (int i = 0; i < program.InputCount; i++)
        {
            if (!program.UsesInput(i))
            {
                continue;
            }

            bool uniform = false, flat = false;
            for (int item = 0; item < args.Count; item++)
            {
                Operand input = args.Inputs[(item * program.InputCount) + i];
                bool hasMany = input.Shape.ElementCount > 1;
                uniform |= hasMany && !input.Layout.IsContiguous;
                flat |= hasMany && input.Layout.IsContiguous;
            }

            if (uniform && flat)
            {
                return null;
            }

            classes = classes.With(i, args.Inputs[i].DType, uniform ? Access.Uniform : Access.Flat);
        }

        for (int item = 0; item < args.Count; item++)
        {
            if (args.Outputs[item * program.OutputCount].Shape.ElementCount > MapPlan.MostElements)
            {
                return null;
            }
        }

        for (int o = 0; o < program.OutputCount; o++)
        {
            classes = classes.With(program.InputCount + o, args.Outputs[o].DType, Access.Flat);
        }

        return classes;
    }
}
