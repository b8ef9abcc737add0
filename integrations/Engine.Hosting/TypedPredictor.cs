using System.Buffers;

namespace Engine.Hosting;

/// <summary>A predictor with a codec around it.</summary>
internal sealed class TypedPredictor<TSample, TAnswer>(Predictor predictor, ISampleCodec<TSample, TAnswer> codec) : IPredictor<TSample, TAnswer>
{
    public async Task<TAnswer> PredictAsync(TSample sample, CancellationToken cancellationToken = default)
    {
        float[] buffer = ArrayPool<float>.Shared.Rent(predictor.SampleLength);
        try
        {
            codec.Encode(sample, buffer.AsSpan(0, predictor.SampleLength));
        }
        catch
        {
            ArrayPool<float>.Shared.Return(buffer);
            throw;
        }

        return codec.Decode(await predictor.EnqueueAsync(buffer, cancellationToken).ConfigureAwait(false));
    }
}
