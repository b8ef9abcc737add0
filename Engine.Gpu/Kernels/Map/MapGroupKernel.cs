using System.Numerics;

namespace Engine.Gpu;

/// <summary>
/// A pointwise program for several small items at once, each with memory of its own: a group of work-items belongs to one item, which it
/// finds by comparing its number with where the items' groups begin.
/// </summary>
/// <param name="Program">What to compute.</param>
/// <param name="Compute">The type of the arithmetic.</param>
/// <param name="Operands">Types, and whether an input is one value for a whole item; the same for all items.</param>
/// <param name="Slots">Most items of a launch.</param>
/// <param name="Parameters">Where the parameters are, which all items share.</param>
internal readonly record struct MapGroupKernel(MapProgram Program, DType Compute, OperandClasses Operands, int Slots, ParameterForm Parameters) : IKernelDefinition
{
    /// <summary>Elements that a work-item of a card computes.</summary>
    private const int ElementsOfItem = 4;

    /// <summary>Elements of a processor's group.</summary>
    private const int ElementsOfProcessorGroup = 4096;

    /// <summary>More would make the kernel long: it has the program's code once for each.</summary>
    private const int MostSlots = 16;

    /// <summary>Elements of a group.</summary>
    public static int ElementsOfGroup(GpuTarget target) => target.IsProcessor ? ElementsOfProcessorGroup : MapKernel.GroupSize(target) * ElementsOfItem;

    /// <summary>How many items fit into the arguments of one launch.</summary>
    public static int SlotsOf(MapProgram program, GpuTarget target)
    {
        const int Buffer = 16, Number = 8, Others = 64;
        int operands = program.OutputCount + BitOperations.PopCount(program.UsedInputs);
        return Math.Min((target.MaxArgumentBytes - Others - (program.ParameterCount * Number)) / ((operands * Buffer) + Number), MostSlots);
    }

    /// <inheritdoc/>
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("map_group", target, MapKernel.GroupSize(target));
        MapProgram program = Program;
        OperandClasses classes = Operands;
        RegisterType compute = Compute.InRegister();
        int operands = program.InputCount + program.OutputCount, elementsOfGroup = ElementsOfGroup(target);
        var counts = new Value[Slots];
        var firsts = new Value[Slots];
        var memories = new Memory[Slots][];
        for (int slot = 0; slot < Slots; slot++)
        {
            firsts[slot] = k.Size($"first{slot}");
            counts[slot] = k.Size($"count{slot}");
            memories[slot] = new Memory[operands];
            for (int i = 0; i < operands; i++)
            {
                if (MapBody.IsUsed(program, i))
                {
                    memories[slot][i] = k.Buffer($"m{slot}_{i}", classes.Type(i));
                }
            }
        }

        ProgramParameters parameters = new(k, Compute, Parameters, program);
        for (int s = 0; s < Slots; s++)
        {
            int slot = s;
            Value isHere = k.GroupX >= firsts[slot];
            isHere = slot + 1 < Slots ? isHere & (k.GroupX < firsts[slot + 1]) : isHere;
            k.If(isHere, () =>
            {
                Value start = (k.GroupX - firsts[slot]) * elementsOfGroup;
                Value end = k.Min(start + elementsOfGroup, counts[slot]);
                k.For(start + k.LocalId, end, k.Int32(k.GroupSize), element =>
                {
                    var inputs = new Value[program.InputCount];
                    for (int i = 0; i < inputs.Length; i++)
                    {
                        bool isUniform = classes.Access(i) == Access.Uniform;
                        inputs[i] = program.UsesInput(i) ? k.Load(memories[slot][i], isUniform ? k.Int32(0) : element) : element;
                    }

                    Value[] outputs = ExprEmitter.Emit(k, program, compute, inputs, parameters, element);
                    for (int o = 0; o < outputs.Length; o++)
                    {
                        Memory memory = memories[slot][program.InputCount + o];
                        k.Store(memory, element, ExprEmitter.ForStore(k, outputs[o], memory.Element));
                    }
                });
            }, uniform: true);
        }

        return k.Build();
    }
}
