using Engine.Nn;

namespace EmbeddedHostSample;

/// <summary>The model that answers, once there is one. Predicting with one model from several threads is safe.</summary>
internal sealed class TrainedModel
{
    private readonly TaskCompletionSource<Layer> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<Layer> WaitAsync(CancellationToken cancellationToken) => _ready.Task.WaitAsync(cancellationToken);

    public void Publish(Layer model) => _ready.TrySetResult(model);
}
