namespace Engine.Backends;

/// <summary>One pointwise program applied to many items, each with operands of its own: the update of all parameters of a network.</summary>
/// <remarks>
/// All operands of an item have one shape, that of its outputs, and no item is empty. Outputs are contiguous; an input is contiguous or one
/// value for the whole item (all strides 0). Operand k has the same element type in every item. Element numbers (<see cref="Expr.Index"/>)
/// start from 0 in every item. An output may be the same memory, element for element, as an input of its item, and overlaps nothing else.
/// The program draws no random numbers.
/// </remarks>
public readonly ref struct MapGroupArgs
{
    /// <summary>The program to compute.</summary>
    public required MapProgram Program { get; init; }

    /// <summary>The type in which every instruction is carried out: float32, float64, int32 or int64.</summary>
    public required DType ComputeType { get; init; }

    /// <summary>The number of items, at least 1.</summary>
    public required int Count { get; init; }

    /// <summary>The operands that are read, item after item: input k of item i is element i·<see cref="MapProgram.InputCount"/> + k.</summary>
    public required ReadOnlySpan<Operand> Inputs { get; init; }

    /// <summary>The operands that are written, item after item: output k of item i is element i·<see cref="MapProgram.OutputCount"/> + k.</summary>
    public required ReadOnlySpan<Operand> Outputs { get; init; }

    /// <summary>The values of the program's parameters; empty where they are in <see cref="ParameterMemory"/>.</summary>
    public required ReadOnlySpan<double> Parameters { get; init; }

    /// <summary>As in <see cref="MapArgs.ParameterMemory"/>.</summary>
    public Operand? ParameterMemory { get; init; }

    /// <summary>0 where all items share their parameters; otherwise those of item i start at i times this number of values.</summary>
    public int ParameterStride { get; init; }

    /// <summary>The call of a single item.</summary>
    public MapArgs this[int item]
    {
        get
        {
            int inputs = Program.InputCount, outputs = Program.OutputCount, first = item * ParameterStride;
            return new MapArgs
            {
                Program = Program,
                ComputeType = ComputeType,
                Shape = Outputs[item * outputs].Shape,
                Inputs = Inputs.Slice(item * inputs, inputs),
                Outputs = Outputs.Slice(item * outputs, outputs),
                Parameters = ParameterStride == 0 || Parameters.IsEmpty ? Parameters : Parameters.Slice(first, ParameterStride),
                ParameterMemory = ParameterStride == 0 || ParameterMemory is not { } memory
                    ? ParameterMemory
                    : memory.With(Layout.Contiguous([ParameterStride], memory.Layout.Offset + first)),
            };
        }
    }
}
