namespace Engine.Gpu;

internal sealed partial class GpuBackend
{
    public override void MapGroup(in MapGroupArgs args)
    {
        int slots = MapGroupKernel.SlotsOf(args.Program, Target);
        if (args.Count == 1 || slots < 2 || args.ParameterStride != 0 || ClassesOf(args) is not { } classes)
        {
            base.MapGroup(args);
            return;
        }

        ParameterForm form = new(args.ParameterMemory is not null && args.Program.ParameterCount > 0, HasDrawOffset: false);
        MapGroupKernel kernel = new(args.Program, args.ComputeType, classes, slots, form);
        ArgumentList arguments = new(stackalloc KernelArgument[256]);
        for (int first = 0; first < args.Count; first += slots)
        {
            arguments.Clear();
            int groups = 0;
            for (int slot = 0; slot < slots; slot++)
            {
                // Slots that are left over begin behind the last group.
                bool isUsed = first + slot < args.Count;
                int count = AddItem(ref arguments, args, isUsed ? first + slot : first, isUsed ? groups : int.MaxValue);
                int elements = MapGroupKernel.ElementsOfGroup(Target);
                groups += isUsed ? (count + elements - 1) / elements : 0;
            }

            ProgramParameters.AddTo(ref arguments, args.ComputeType, args.Parameters, form.InMemory ? args.ParameterMemory : null, null, args.Program);
            Launch(kernel, new LaunchGrid(groups), arguments.Span);
        }
    }

    private static int AddItem(ref ArgumentList arguments, in MapGroupArgs args, int item, int firstGroup)
    {
        MapProgram program = args.Program;
        int count = (int)args.Outputs[item * program.OutputCount].Shape.ElementCount;
        arguments.Add(firstGroup);
        arguments.Add(count);
        for (int i = 0; i < program.InputCount; i++)
        {
            if (program.UsesInput(i))
            {
                arguments.Add(args.Inputs[(item * program.InputCount) + i]);
            }
        }

        for (int o = 0; o < program.OutputCount; o++)
        {
            arguments.Add(args.Outputs[(item * program.OutputCount) + o]);
        }

        return count;
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
