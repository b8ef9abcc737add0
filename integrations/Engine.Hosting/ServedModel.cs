using Engine.Nn;

namespace Engine.Hosting;

/// <summary>A model with its weights on the device; one replaces another as a whole.</summary>
internal sealed class ServedModel(Module module, Func<Tensor, Tensor> forward, Device device) : IDisposable
{
    private readonly Lock _gate = new();
    private int _users;
    private bool _isRetired;

    /// <summary>Answers to samples that lie one after the other.</summary>
    /// <param name="samples">N times the numbers of a sample.</param>
    /// <param name="inputShape">The shape of one sample.</param>
    /// <param name="outputShape">The shape of one answer.</param>
    /// <returns>N times the numbers of an answer.</returns>
    public float[] Answer(ReadOnlySpan<float> samples, Shape inputShape, out int[] outputShape)
    {
        int count = (int)(samples.Length / inputShape.ElementCount);
        using InferenceScope inference = InferenceScope.Begin();
        using TensorScope scope = TensorScope.Begin();
        Tensor inputs = Tensor.From(samples, new Shape([count, .. inputShape]), device);
        Tensor answers = forward(inputs) ?? throw new PredictionException("The model returned null.");
        if (answers.Rank == 0 || answers.Shape[0] != count)
        {
            throw new PredictionException($"The model made {answers.Shape} of {inputs.Shape}; the samples must lie along axis 0 of both.");
        }

        outputShape = [.. answers.Shape.Skip(1)];
        return answers.To(DType.Float32).ToArray<float>();
    }

    /// <summary>Keeps the weights until <see cref="Leave"/>; false where they are retired already.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_isRetired)
            {
                return false;
            }

            _users++;
            return true;
        }
    }

    public void Leave()
    {
        bool isLast;
        lock (_gate)
        {
            isLast = --_users == 0 && _isRetired;
        }

        if (isLast)
        {
            GiveBack();
        }
    }

    /// <summary>Gives the weights back as soon as nobody computes with them.</summary>
    public void Dispose()
    {
        bool isUnused;
        lock (_gate)
        {
            isUnused = !_isRetired && _users == 0;
            _isRetired = true;
        }

        if (isUnused)
        {
            GiveBack();
        }
    }

    private void GiveBack()
    {
        foreach (Tensor tensor in module.StateDict().Values)
        {
            tensor.Dispose();
        }
    }
}
