namespace Engine.Nn;

/// <summary>In which types a <see cref="Trainer"/> computes.</summary>
public enum TrainingPrecision : byte
{
    /// <summary>In the tensors' own types: float32 unless the model was made otherwise.</summary>
    Full,

    /// <summary>Products in bfloat16 (<see cref="Autocast"/>), parameters and everything delicate in float32. The one to try first.</summary>
    MixedBFloat16,

    /// <summary>
    /// Products in float16, which has more digits than bfloat16 but needs its gradients kept in range by a <see cref="LossScaler"/>. For cards
    /// that are fast in float16 only.
    /// </summary>
    MixedFloat16,
}
