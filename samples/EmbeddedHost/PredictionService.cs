using Engine;
using Engine.Nn;
using Microsoft.Extensions.Hosting;

namespace EmbeddedHostSample;

/// <summary>Answers requests with the trained model. Those that wait at the same time are computed together: a batch costs little more than one.</summary>
internal sealed class PredictionService(Device device, TrainedModel trained, PredictionQueue queue) : BackgroundService
{
    private const int LargestBatch = 64;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            Layer model = await trained.WaitAsync(stoppingToken);
            while (await queue.Requests.WaitToReadAsync(stoppingToken))
            {
                List<PredictionRequest> batch = [];
                while (batch.Count < LargestBatch && queue.Requests.TryRead(out PredictionRequest? request))
                {
                    batch.Add(request);
                }

                Answer(model, batch);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; whoever still waits is stopped by the same token.
        }
    }

    private void Answer(Layer model, List<PredictionRequest> batch)
    {
        try
        {
            // The scope gives the memory of all tensors below back; it must not reach across an await, and the compiler sees to that.
            using TensorScope scope = TensorScope.Begin();
            ImageDataset images = new(
                [.. batch.SelectMany(static request => request.Pixels)], new byte[batch.Count], [1, 28, 28], new PixelNormalization(FashionMnist.Mean, FashionMnist.Std));
            Tensor inputs = images.GetBatch(new BatchRequest([.. Enumerable.Range(0, batch.Count)], device)).Inputs;
            Tensor probabilities = model.Predict(inputs).Softmax(axis: 1);
            long[] classes = probabilities.ArgMax(axis: 1).ToArray<long>();
            float[] highest = probabilities.Max(axis: 1).ToArray<float>();
            for (int i = 0; i < batch.Count; i++)
            {
                batch[i].Answer.SetResult(new Prediction(FashionMnist.ClassNames[(int)classes[i]], highest[i]));
            }
        }
        catch (Exception error) when (error is EngineException or ArgumentException)
        {
            // A request that cannot be answered must not take the service down with it.
            foreach (PredictionRequest request in batch)
            {
                request.Answer.TrySetException(error);
            }
        }
    }
}
