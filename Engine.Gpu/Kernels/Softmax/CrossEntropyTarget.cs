namespace Engine.Gpu;

/// <summary>The class of a row, and the weight of the row in the loss.</summary>
/// <remarks>No memory is read for a target that is no class; such a row has the loss and the gradient NaN, so that it does not go unnoticed.</remarks>
internal sealed class CrossEntropyTarget
{
    private readonly KernelBuilder _k;
    private readonly Memory _targets;
    private readonly Memory? _weights;
    private readonly Value _targetStep, _ignored, _hard;
    private readonly Value? _weightStep;

    /// <summary>Adds the buffers and parameters; <see cref="BindBuffers"/> and <see cref="BindScalars"/> add the arguments in the same order.</summary>
    public CrossEntropyTarget(KernelBuilder k, DType element, bool hasWeights, bool is64Bit)
    {
        RegisterType type = element.InRegister(), indexType = is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        _k = k;
        _targets = k.Buffer("targets", DType.Int64, readOnly: true);
        _weights = hasWeights ? k.Buffer("weights", element, readOnly: true) : null;
        _targetStep = k.Scalar("targets_step", indexType);
        _weightStep = hasWeights ? k.Scalar("weights_step", indexType) : null;
        _ignored = k.Scalar("ignored", RegisterType.Int64);
        _hard = k.Scalar("hard", type);
        Shared = k.Scalar("each", type);
    }

    /// <summary>s/C: the part of the target distribution that each class has.</summary>
    public Value Shared { get; }

    /// <summary>Adds the arguments of the buffers.</summary>
    public static void BindBuffers(ref ArgumentList arguments, in Operand targets, in Operand? classWeights)
    {
        arguments.Add(targets);
        arguments.AddOptional(classWeights);
    }

    /// <summary>Adds the arguments of the parameters.</summary>
    public static void BindScalars(
        ref ArgumentList arguments, in Operand logits, in Operand targets, in Operand? classWeights, long ignoreIndex, double labelSmoothing, bool is64Bit)
    {
        RegisterType type = logits.DType.InRegister();
        arguments.AddStrides(targets, is64Bit);
        arguments.AddStrides(classWeights, is64Bit);
        arguments.Add(ignoreIndex);
        arguments.AddNumber(type, 1 - labelSmoothing);
        arguments.AddNumber(type, labelSmoothing / logits.Shape[1]);
    }

    /// <summary>The row's class, whether it is one, whether the row counts, and (1 − s)·w of the class.</summary>
    public (Value Class, Value IsClass, Value Counts, Value Mass) Of(RowItems rows)
    {
        Value given = _k.Load(_targets, rows.Row.To(_targetStep.Type) * _targetStep, rows.Exists);
        Value isClass = given >= 0 & given < rows.Length.To(RegisterType.Int64);
        Value target = given.To(RegisterType.Int32);
        return (target, isClass, given.IsNot(_ignored), _hard * Weight(target, isClass));
    }

    /// <summary>w of a class.</summary>
    public Value Weight(Value number, Value exists) =>
        _weights is null ? Shared.Like(1) : _k.Load(_weights, number.To(_weightStep!.Type) * _weightStep, exists);
}
