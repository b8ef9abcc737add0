using System.Runtime.CompilerServices;

namespace Engine.Backends;

/// <summary>
/// Runs pointwise programs over tensors: promotes, broadcasts, allocates, computes in one pass and records the gradient. <see cref="Fuse"/> is
/// the short form of it; optimizers and layers use this one for programs with parameters, several outputs or given destinations.
/// </summary>
/// <example><code>
/// static readonly MapProgram s_decay = MapProgram.Compile(1, Expr.Input(0) * Expr.Parameter(0));
/// Pointwise.Into(average, s_decay, [average], [0.99]);          // average ← 0.99·average, in place
/// Tensor y = Pointwise.Apply("Decay", s_decay, [x], [0.99]);    // recorded if x requires a gradient
/// </code></example>
public static class Pointwise
{
    /// <summary>A program with one output over broadcast inputs.</summary>
    /// <param name="op">The operation's name in messages and graphs.</param>
    /// <param name="program">The program to compute.</param>
    /// <param name="inputs">At least one.</param>
    /// <param name="parameters">Values of the program's parameters.</param>
    /// <param name="computeAs">The type the inputs are promoted to; null for their common type.</param>
    /// <param name="resultAs">The type of the result; null for the promoted type.</param>
    /// <param name="names">The caller's words for the inputs: public operators pass theirs on without a check of their own.</param>
    /// <exception cref="ArgumentNullException">An input is null.</exception>
    /// <exception cref="ArgumentException">
    /// Inputs or parameters are not as many as the program reads, it has several outputs, or more than <see cref="MapProgram.MaxOutputs"/> inputs
    /// require a gradient.
    /// </exception>
    /// <exception cref="ShapeMismatchException">The shapes do not broadcast.</exception>
    /// <exception cref="DeviceMismatchException">The inputs are on several devices.</exception>
    public static Tensor Apply(
        string op,
        MapProgram program,
        ReadOnlySpan<Tensor> inputs,
        ReadOnlySpan<double> parameters = default,
        DType? computeAs = null,
        DType? resultAs = null,
        [CallerArgumentExpression(nameof(inputs))] string names = "")
    {
        ArgumentNullException.ThrowIfNull(op);
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(names);
        foreach (Tensor? input in inputs)
        {
            if (input is null)
            {
                Guard.ThrowNull(inputs, names);
            }
        }

        CheckCounts(program, inputs.Length, 1, parameters.Length);
        if (inputs.IsEmpty)
        {
            throw new ArgumentException($"{op}: `{program}` reads no input, which would give the result its shape. Write it over a tensor with Pointwise.Into.", nameof(program));
        }

        Shape shape = inputs[0].Shape;
        for (int i = 1; i < inputs.Length; i++)
        {
            Guard.SameDevice(op, inputs[0], inputs[i]);
            shape = Guard.Broadcast(op, shape, inputs[i].Shape);
        }

        DType compute = computeAs ?? TypePromotion.Common(inputs);
        CheckType(program, compute);
        Tensor y = Tensor.AllocateLike(shape, resultAs ?? compute, inputs[0].Device, inputs);
        if (y.DType.IsFloatingPoint() && compute.IsFloatingPoint() && Tensor.ShouldTrack(inputs!))
        {
            Record(op, program, [program], inputs, parameters, compute, shape, [y]);
        }
        else
        {
            Run(program, compute.ComputeType(), shape, inputs, [y], parameters);
        }

        return y;
    }

    /// <summary>A program with several outputs over broadcast inputs, all of one type; <paramref name="parts"/> has the program of each output alone, for its gradient.</summary>
    internal static Tensor[] ApplyAll(string op, MapProgram program, ReadOnlySpan<MapProgram> parts, ReadOnlySpan<Tensor> inputs, DType compute)
    {
        Shape shape = inputs[0].Shape;
        for (int i = 1; i < inputs.Length; i++)
        {
            Guard.SameDevice(op, inputs[0], inputs[i]);
            shape = Guard.Broadcast(op, shape, inputs[i].Shape);
        }

        CheckType(program, compute);
        var outputs = new Tensor[parts.Length];
        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i] = Tensor.AllocateLike(shape, compute, inputs[0].Device, inputs);
        }

        if (compute.IsFloatingPoint() && Tensor.ShouldTrack(inputs!))
        {
            Record(op, program, parts, inputs, [], compute, shape, outputs);
        }
        else
        {
            Run(program, compute.ComputeType(), shape, inputs, outputs, []);
        }

        return outputs;
    }

    /// <summary>Writes a program's result over a destination, to whose shape the inputs are broadcast; nothing is recorded.</summary>
    /// <param name="destination">The tensor that is written. It may be one of the inputs.</param>
    /// <param name="program">The program to compute.</param>
    /// <param name="inputs">The tensors that are read.</param>
    /// <param name="parameters">Values of the program's parameters.</param>
    /// <param name="computeType">The type to compute in; null for the one of the promoted types.</param>
    /// <exception cref="ArgumentException">Inputs or parameters are not as many as the program reads, or it has several outputs.</exception>
    /// <exception cref="ShapeMismatchException">An input does not broadcast to the destination.</exception>
    /// <exception cref="DeviceMismatchException">The tensors are on several devices.</exception>
    public static void Into(Tensor destination, MapProgram program, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<double> parameters = default, DType? computeType = null)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(program);
        Guard.NoNulls(inputs);
        CheckCounts(program, inputs.Length, 1, parameters.Length);
        Guard.Writable("Pointwise.Into", destination);
        CheckBroadcast("Pointwise.Into", inputs, destination.Shape);
        DType common = destination.DType;
        foreach (Tensor input in inputs)
        {
            common = TypePromotion.Promote(common, input.DType);
        }

        DType compute = computeType ?? common.ComputeType();
        CheckType(program, compute);
        Run(program, compute, destination.Shape, inputs, [destination], parameters);
        destination.Storage.MarkWritten();
    }

    /// <summary>Writes the outputs of a program over several destinations of one shape; nothing is recorded.</summary>
    /// <param name="destinations">The tensors that are written, one an output. They may be inputs too.</param>
    /// <param name="program">The program to compute.</param>
    /// <param name="inputs">The tensors that are read.</param>
    /// <param name="parameters">Values of the program's parameters.</param>
    /// <exception cref="ArgumentException">Destinations, inputs or parameters are not as many as the program has.</exception>
    /// <exception cref="ShapeMismatchException">The destinations have several shapes, or an input does not broadcast to theirs.</exception>
    /// <exception cref="DeviceMismatchException">The tensors are on several devices.</exception>
    public static void Into(ReadOnlySpan<Tensor> destinations, MapProgram program, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<double> parameters = default)
    {
        CheckDestinations(destinations, program, inputs, parameters.Length);
        Run(program, destinations[0].DType.ComputeType(), destinations[0].Shape, inputs, destinations, parameters);
        foreach (Tensor destination in destinations)
        {
            destination.Storage.MarkWritten();
        }
    }

    /// <summary>
    /// Writes the outputs of a program over several destinations of one shape, with parameters that the device reads from its memory when it
    /// computes; nothing is recorded.
    /// </summary>
    /// <param name="destinations">The tensors that are written.</param>
    /// <param name="program">The program to compute; it draws no random numbers.</param>
    /// <param name="inputs">The tensors that are read.</param>
    /// <param name="parameters">One contiguous axis of the compute type (see <see cref="DTypes.ComputeType"/>) of the first destination.</param>
    /// <exception cref="ArgumentException">Destinations or inputs are not as many as the program has, or it draws random numbers.</exception>
    /// <exception cref="ShapeMismatchException">The destinations have several shapes, an input does not broadcast to theirs, or there are too few parameters.</exception>
    /// <exception cref="DTypeMismatchException">The parameters have another type.</exception>
    /// <exception cref="DeviceMismatchException">The tensors are on several devices.</exception>
    public static void Into(ReadOnlySpan<Tensor> destinations, MapProgram program, ReadOnlySpan<Tensor> inputs, Tensor parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        CheckDestinations(destinations, program, inputs, int.MaxValue);
        DType compute = destinations[0].DType.ComputeType();
        Guard.ParameterMemory(nameof(Pointwise), program, compute, destinations[0].Device, parameters);
        Run(program, compute, destinations[0].Shape, inputs, destinations, [], parameters);
        foreach (Tensor destination in destinations)
        {
            destination.Storage.MarkWritten();
        }
    }

    internal static void Run(
        MapProgram program, DType computeType, Shape shape, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ReadOnlySpan<double> parameters,
        Tensor? parameterMemory = null)
    {
        if (shape.ElementCount == 0)
        {
            return;
        }

        OperandBuffer inputBuffer = default;
        OperandBuffer outputBuffer = default;
        scoped Span<Operand> ins = inputBuffer;
        if (inputs.Length > ins.Length)
        {
            // Hardly ever: clearing room for that many on the stack would cost every call.
            ins = new Operand[inputs.Length];
        }

        for (int i = 0; i < inputs.Length; i++)
        {
            Operand operand = inputs[i].Operand;
            ins[i] = operand.Shape == shape ? operand : operand.With(operand.Layout.Expand(shape));
        }

        for (int i = 0; i < outputs.Length; i++)
        {
            outputBuffer[i] = outputs[i].Operand;
        }

        Device device = outputs[0].Device;
        device.Backend.Map(new MapArgs
        {
            Program = program,
            ComputeType = computeType,
            Shape = shape,
            Inputs = ins[..inputs.Length],
            Outputs = ((ReadOnlySpan<Operand>)outputBuffer)[..outputs.Length],
            Parameters = parameters,
            ParameterMemory = parameterMemory?.Operand,
            DrawOffset = program.UsesRandom ? CapturePass.RecordingOn(device)?.Draws.OffsetOf(program, parameters) : null,
        });
    }

    private static void CheckDestinations(ReadOnlySpan<Tensor> destinations, MapProgram program, ReadOnlySpan<Tensor> inputs, int parameters)
    {
        ArgumentNullException.ThrowIfNull(program);
        Guard.NoNulls(destinations);
        Guard.NoNulls(inputs);
        CheckCounts(program, inputs.Length, destinations.Length, parameters);
        CheckType(program, destinations[0].DType);
        Guard.Writable("Pointwise.Into", destinations[0]);
        CheckBroadcast("Pointwise.Into", inputs, destinations[0].Shape);
        for (int i = 1; i < destinations.Length; i++)
        {
            if (destinations[i].Shape != destinations[0].Shape)
            {
                throw new ShapeMismatchException($"Pointwise.Into: destination 0 is {destinations[0].Shape}, destination {i} is {destinations[i].Shape}; all outputs of a program have one shape.");
            }

            Guard.Writable("Pointwise.Into", destinations[i]);
        }
    }

    /// <summary>Refuses inputs that do not stretch to a shape: a layout is expanded without a question.</summary>
    internal static void CheckBroadcast(string op, ReadOnlySpan<Tensor> inputs, Shape shape)
    {
        foreach (Tensor input in inputs)
        {
            Shape own = input.Shape;
            if (own != shape && !(Shape.TryBroadcast(own, shape, out Shape both) && both == shape))
            {
                throw new ShapeMismatchException($"{op}: an input of {own} does not broadcast to {shape}.");
            }
        }
    }

    internal static void CheckType(MapProgram program, DType compute)
    {
        if (!compute.IsFloatingPoint() && !program.SupportsInteger)
        {
            throw new DTypeMismatchException($"`{program}` has operations that integers do not have; it would run in {compute.ShortName()}. Convert the tensors with To(DType.Float32).");
        }

        if (compute.IsFloatingPoint() && !program.SupportsFloatingPoint)
        {
            throw new DTypeMismatchException($"`{program}` has operations on bits, which only integers have; it would run in {compute.ShortName()}. Convert the tensors with To(DType.Int64).");
        }
    }

    internal static void CheckCounts(MapProgram program, int inputs, int outputs, int parameters)
    {
        if (inputs != program.InputCount || outputs != program.OutputCount || parameters < program.ParameterCount)
        {
            throw new ArgumentException(
                $"`{program}` has {program.InputCount} inputs, {program.OutputCount} outputs and {program.ParameterCount} parameters; "
                + $"{inputs} inputs, {outputs} outputs and {parameters} parameters were given.", nameof(program));
        }
    }

    private static void Record(
        string op, MapProgram program, ReadOnlySpan<MapProgram> parts, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<double> parameters, DType compute, Shape shape,
        ReadOnlySpan<Tensor> outputs)
    {
        // Casts and stretches are steps of their own, so that the rule of this one sees equal types and shapes.
        Tensor[] ready = new Tensor[inputs.Length];
        uint needs = 0;
        for (int i = 0; i < inputs.Length; i++)
        {
            Tensor x = inputs[i];
            if (x.RequiresGrad && program.UsesInput(i))
            {
                needs |= 1u << i;
                Tensor converted = x.ToOrSelf(compute);
                x = converted.ExpandOrSelf(shape);
                if (!ReferenceEquals(converted, inputs[i]))
                {
                    _ = x.InsteadOf(converted);
                }
            }

            ready[i] = x;
        }

        if (System.Numerics.BitOperations.PopCount(needs) > MapProgram.MaxOutputs)
        {
            throw new ArgumentException($"{op}: {System.Numerics.BitOperations.PopCount(needs)} inputs require a gradient; one program has gradients for at most {MapProgram.MaxOutputs}. Split it, or Detach() inputs.", nameof(inputs));
        }

        Run(program, compute.ComputeType(), shape, ready, outputs, parameters);
        for (int i = 0; i < outputs.Length; i++)
        {
            uint own = needs & parts[i].UsedInputs;
            if (own != 0)
            {
                outputs[i].Record(new PointwiseNode(op, parts[i], own, ready, parameters.ToArray(), outputs[i]));
            }
        }

        for (int i = 0; i < ready.Length; i++)
        {
            _ = inputs[i].InsteadOf(ready[i]);
        }
    }

    [InlineArray(MapProgram.MaxOutputs)]
    private struct OperandBuffer
    {
        private Operand _first;
    }
}

/// <summary>dxᵢ = dy·∂program/∂xᵢ, itself a pointwise program; it decides which inputs and whether the output are kept.</summary>
internal sealed class PointwiseNode : GradNode
{
    private readonly string _op;
    private readonly MapGradient _gradient;
    private readonly uint _needs;
    private readonly double[] _parameters;
    private readonly SavedTensor[] _saved;

    public PointwiseNode(string op, MapProgram program, uint needs, Tensor[] inputs, double[] parameters, Tensor output)
        : base(inputs)
    {
        _op = op;
        _needs = needs;
        _parameters = parameters;
        _gradient = MapGradient.For(program, needs);
        Trace?.SetProgram(program, parameters);
        ReadOnlySpan<int> savedInputs = _gradient.SavedInputs;
        _saved = new SavedTensor[savedInputs.Length + (_gradient.SavesOutput ? 1 : 0)];
        for (int i = 0; i < savedInputs.Length; i++)
        {
            _saved[i] = new SavedTensor(op, inputs[savedInputs[i]]);
        }

        if (_gradient.SavesOutput)
        {
            // The output's history is this node, which is only now being made.
            output.Record(this);
            _saved[^1] = SavedTensor.OfOutput(op, output);
        }
    }

    public override string Name => _op;

    internal override void Backward(Tensor dy, GradSink sink)
    {
        Tensor[] inputs = new Tensor[1 + _saved.Length];
        inputs[0] = dy;
        for (int i = 0; i < _saved.Length; i++)
        {
            inputs[i + 1] = _saved[i].Value;
        }

        if (GradMode.IsEnabled)
        {
            // One differentiable step per input.
            for (int i = 0, k = 0; i < 32; i++)
            {
                if ((_needs >> i & 1) != 0)
                {
                    sink.Add(i, Pointwise.Apply(_op + "Backward", _gradient.Single(k++), inputs, _parameters));
                }
            }

            return;
        }

        Tensor[] gradients = Compute(dy, inputs);
        for (int i = 0, k = 0; k < gradients.Length; i++)
        {
            if ((_needs >> i & 1) != 0)
            {
                sink.Add(i, gradients[k++]);
            }
        }
    }

    /// <summary>The gradient of each needed input. One that is dy itself, as for a sum, or equals another one is not computed again.</summary>
    private Tensor[] Compute(Tensor dy, Tensor[] inputs)
    {
        MapProgram program = _gradient.Program;
        Tensor[] gradients = new Tensor[program.OutputCount];
        int distinct = 0;
        for (int k = 0; k < gradients.Length; k++)
        {
            int twin = program.Outputs.IndexOf(program.Outputs[k]);
            Instruction last = program.Code[program.Outputs[k]];
            gradients[k] = last.Op == ScalarOpcode.Input && last.A == 0 ? dy
                : twin < k ? gradients[twin]
                : Tensor.AllocateLike(OutputShape, OutputDType, dy.Device, inputs);
            distinct += twin == k && !ReferenceEquals(gradients[k], dy) ? 1 : 0;
        }

        if (distinct == gradients.Length)
        {
            Pointwise.Run(program, OutputDType.ComputeType(), OutputShape, inputs, gradients, _parameters);
            return gradients;
        }

        for (int k = 0; k < gradients.Length; k++)
        {
            if (!ReferenceEquals(gradients[k], dy) && program.Outputs.IndexOf(program.Outputs[k]) == k)
            {
                Pointwise.Run(_gradient.Single(k), OutputDType.ComputeType(), OutputShape, inputs, [gradients[k]], _parameters);
            }
        }

        return gradients;
    }

    private protected override bool SavesValues => _saved.Length > 0;

    private protected override void ReleaseSaved()
    {
        foreach (SavedTensor saved in _saved)
        {
            saved.Release();
        }
    }
}
