using System.Threading.Channels;

namespace EmbeddedHostSample;

/// <summary>What the network says about one image.</summary>
internal readonly record struct Prediction(string ClassName, double Probability);

/// <summary>An image of 28×28 bytes, and where its asker waits for the answer.</summary>
internal sealed record PredictionRequest(byte[] Pixels, TaskCompletionSource<Prediction> Answer);

/// <summary>Requests from anywhere in the host to the one service that computes.</summary>
internal sealed class PredictionQueue
{
    // Bounded: askers wait rather than fill the memory when they ask faster than the device answers.
    private readonly Channel<PredictionRequest> _requests = Channel.CreateBounded<PredictionRequest>(256);

    public ChannelReader<PredictionRequest> Requests => _requests.Reader;

    public async Task<Prediction> PredictAsync(byte[] pixels, CancellationToken cancellationToken)
    {
        PredictionRequest request = new(pixels, new(TaskCreationOptions.RunContinuationsAsynchronously));
        await _requests.Writer.WriteAsync(request, cancellationToken);
        return await request.Answer.Task.WaitAsync(cancellationToken);
    }
}
