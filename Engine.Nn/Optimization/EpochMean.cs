namespace Engine.Nn;

/// <summary>The mean value and gradient over the batches of an epoch, each weighted by its samples.</summary>
internal sealed class EpochMean
{
    private double _value;
    private double[] _gradient = [];
    private double _samples;

    public double Value => _value / _samples;

    public double[] Gradient => Vectors.Scale(1 / _samples, _gradient);

    public void Add(ValueAndGradient at, int samples)
    {
        // A source of batches without samples still makes steps.
        double weight = Math.Max(1, samples);
        _gradient = _gradient.Length == 0 ? Vectors.Scale(weight, at.Gradient) : Vectors.AddScaled(_gradient, weight, at.Gradient);
        _value += weight * at.Value;
        _samples += weight;
    }
}
