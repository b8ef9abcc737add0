namespace Engine.Gpu;

/// <summary>
/// A pointwise program for several small items at once, each with memory of its own: a group of work-items belongs to one item, which it
/// finds by comparing its number with where the items' groups begin.
/// </summary>
/// <param name="Program">The program to compute.</param>
/// <param name="Compute">The type of the arithmetic.</param>
/// <param name="Operands">Types, and whether an input is one value for a whole item; the same for all items.</param>
/// <param name="InPlace">Which outputs are the memory of an input.</param>
/// <param name="Slots">Most items of a launch.</param>
/// <param name="Parameters">Where the parameters are, which all items share.</param>
internal readonly record struct MapGroupKernel(
    MapProgram Program, DType Compute, OperandClasses Operands, InPlaceOutputs InPlace, int Slots, ParameterForm Parameters) : IKernelDefinition
{
    /// <summary>Elements that a work-item of a card computes.</summary>
    private const int ElementsOfItem = 4;

    /// <summary>Elements of a processor's group.</summary>
    private const int ElementsOfProcessorGroup = 4096;

    /// <summary>4 KiB of arguments hold 98 items of an optimizer with two states.</summary>
    private const int MostSlots = 100;

    // So that networks with about as many parameters share a kernel.
    private const int SlotStep = 8;

    /// <summary>Elements of a group.</summary>
    public static int ElementsOfGroup(GpuTarget target) => target.IsProcessor ? ElementsOfProcessorGroup : MapKernel.GroupSize(target) * ElementsOfItem;

    /// <summary>Into how many slots <paramref name="count"/> items are put, in as few launches as the size of a launch's arguments allows.</summary>
    public static int SlotsOf(MapProgram program, in InPlaceOutputs inPlace, GpuTarget target, int count)
    {
        const int Number = 8, Others = 64;
        int buffer = target.Api == GpuApi.Cuda ? 8 : 16, operands = 0;
        for (int i = 0; i < program.InputCount + program.OutputCount; i++)
        {
            operands += IsArgument(program, inPlace, i) ? 1 : 0;
        }

        int most = Math.Min((target.MaxArgumentBytes - Others - (program.ParameterCount * Number)) / ((operands * buffer) + Number), MostSlots);
        if (most < 2)
        {
            return most;
        }

        int launches = (count + most - 1) / most, each = (count + launches - 1) / launches;
        return Math.Min(most, (each + SlotStep - 1) / SlotStep * SlotStep);
    }

    /// <summary>Whether an operand, inputs before outputs, is a buffer of the launch.</summary>
    public static bool IsArgument(MapProgram program, in InPlaceOutputs inPlace, int operand) =>
        MapBody.IsUsed(program, operand) && (operand < program.InputCount || inPlace.InputOf(operand - program.InputCount) < 0);

    /// <inheritdoc/>
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("map_group", target, MapKernel.GroupSize(target));
        int operands = Program.InputCount + Program.OutputCount;
        var memories = new Memory?[operands];
        for (int i = 0; i < operands; i++)
        {
            int source = i < Program.InputCount ? -1 : InPlace.InputOf(i - Program.InputCount);
            memories[i] = source >= 0 ? memories[source] : MapBody.IsUsed(Program, i) ? k.Pointer($"m{i}", Operands.Type(i)) : null;
        }

        (Value first, Value count) = Choose(k, memories);
        ProgramParameters parameters = new(k, Compute, Parameters, Program);
        Value start = (k.GroupX - first) * ElementsOfGroup(target);
        if (target.IsProcessor)
        {
            Value end = k.Min(start + ElementsOfGroup(target), count);
            MapGroupKernel kernel = this;
            k.For(start + k.LocalId, end, k.Int32(k.GroupSize), element => kernel.Apply(k, memories, parameters, [element], [null]));
        }
        else
        {
            Value[] elements = [.. Enumerable.Range(0, ElementsOfItem).Select(i => start + (k.LocalId + (i * k.GroupSize)))];
            Apply(k, memories, parameters, elements, Array.ConvertAll(elements, element => element < count));
        }

        return k.Build();
    }

    /// <summary>Finds the group's item, by halves, and makes the memories its own.</summary>
    /// <returns>The item's first group, and how many elements it has.</returns>
    private (Value First, Value Count) Choose(KernelBuilder k, Memory?[] memories)
    {
        var firsts = new Value[Slots];
        var counts = new Value[Slots];
        var arguments = new Memory?[Slots, memories.Length];
        for (int slot = 0; slot < Slots; slot++)
        {
            firsts[slot] = k.Size($"first{slot}");
            counts[slot] = k.Size($"count{slot}");
            for (int i = 0; i < memories.Length; i++)
            {
                arguments[slot, i] = IsArgument(Program, InPlace, i) ? k.Buffer($"m{slot}_{i}", Operands.Type(i)) : null;
            }
        }

        Variable first = k.Variable(k.Int32(0)), count = k.Variable(k.Int32(0));
        Among(0, Slots);
        return (first.Value, count.Value);

        void Among(int low, int high)
        {
            if (high - low > 1)
            {
                int middle = (low + high) / 2;
                k.If(k.GroupX < firsts[middle], () => Among(low, middle), () => Among(middle, high), uniform: true);
                return;
            }

            first.Value = firsts[low];
            count.Value = counts[low];
            for (int i = 0; i < memories.Length; i++)
            {
                if (arguments[low, i] is { } argument)
                {
                    k.Point(memories[i]!, argument);
                }
            }
        }
    }

    /// <summary>Adds the arguments for the items from number <paramref name="first"/> on, in the order of the parameters.</summary>
    /// <returns>How many groups the items take.</returns>
    public int Bind(ref ArgumentList arguments, in MapGroupArgs args, int first, GpuTarget target)
    {
        int groups = 0;
        for (int slot = 0; slot < Slots; slot++)
        {
            // A slot that is left over begins after the last group: it needs memory, but touches none of it.
            bool isUsed = first + slot < args.Count;
            int item = isUsed ? first + slot : first, count = (int)args.Outputs[item * Program.OutputCount].Shape.ElementCount;
            arguments.Add(isUsed ? groups : int.MaxValue);
            arguments.Add(count);
            for (int i = 0; i < Program.InputCount + Program.OutputCount; i++)
            {
                if (IsArgument(Program, InPlace, i))
                {
                    Operand operand = i < Program.InputCount
                        ? args.Inputs[(item * Program.InputCount) + i]
                        : args.Outputs[(item * Program.OutputCount) + i - Program.InputCount];
                    arguments.Add(isUsed ? operand : KernelArgument.Buffer(operand.Storage.Handle, 0));
                }
            }

            groups += isUsed ? (count + ElementsOfGroup(target) - 1) / ElementsOfGroup(target) : 0;
        }

        ProgramParameters.Bind(ref arguments, Compute, args.Parameters, Parameters.InMemory ? args.ParameterMemory : null, null, Program);
        return groups;
    }

    /// <summary>The program for some elements: all that is read before all that is written, so that reads need not wait for one another.</summary>
    private void Apply(KernelBuilder k, Memory?[] memories, ProgramParameters parameters, Value[] elements, Value?[] exist)
    {
        MapProgram program = Program;
        var inputs = new Value[elements.Length][];
        for (int e = 0; e < elements.Length; e++)
        {
            inputs[e] = new Value[program.InputCount];
            for (int i = 0; i < program.InputCount; i++)
            {
                Value index = Operands.Access(i) == Access.Uniform ? k.Int32(0) : elements[e];
                inputs[e][i] = memories[i] is { } memory ? k.Load(memory, index, exist[e]) : elements[e];
            }
        }

        for (int e = 0; e < elements.Length; e++)
        {
            Value[] outputs = ExprEmitter.Emit(k, program, Compute.InRegister(), inputs[e], parameters, elements[e]);
            for (int o = 0; o < outputs.Length; o++)
            {
                Memory memory = memories[program.InputCount + o]!;
                k.Store(memory, elements[e], ExprEmitter.ForStore(k, outputs[o], memory.Element), exist[e]);
            }
        }
    }
}

/// <summary>Which outputs of a program are the memory of one of its inputs, so that one buffer serves both.</summary>
internal readonly record struct InPlaceOutputs(ulong Inputs)
{
    private const int Bits = 4;

    /// <summary>How many inputs and outputs can be told.</summary>
    public const int Most = 15;

    /// <summary>The input whose memory an output is, −1 if it has its own.</summary>
    public int InputOf(int output) => (int)(Inputs >> (output * Bits) & 15) - 1;

    /// <summary>The same with one more output in index.</summary>
    public InPlaceOutputs With(int output, int input) => new(Inputs | (ulong)(input + 1) << (output * Bits));
}
