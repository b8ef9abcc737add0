using Engine.Nn;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EmbeddedHostSample;

/// <summary>Whether to stop the host after the first round of questions.</summary>
internal sealed record CustomerOptions(bool Once);

/// <summary>Stands for the rest of the host: asks about test images, several at a time, and waits for the answers.</summary>
internal sealed class Customer(PredictionQueue queue, CustomerOptions options, IHostApplicationLifetime lifetime, ILogger<Customer> log) : BackgroundService
{
    private const int Questions = 200;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        ImageDataset test = FashionMnist.Load(FashionMnist.FindDirectory(), train: false);
        try
        {
            for (int round = 0; !stoppingToken.IsCancellationRequested; round++)
            {
                int first = round * Questions % test.Count;
                Prediction[] answers = await Task.WhenAll(
                    Enumerable.Range(first, Questions).Select(i => queue.PredictAsync(test.Pixels(i).ToArray(), stoppingToken)));
                int right = answers.Where((answer, i) => answer.ClassName == FashionMnist.ClassNames[test.Labels[first + i]]).Count();
                log.LogInformation("{Right} of {Questions} answers are right; the first says {Class} with probability {Probability:F2}", right, Questions, answers[0].ClassName, answers[0].Probability);
                if (options.Once)
                {
                    lifetime.StopApplication();
                    return;
                }

                await Task.Delay(TimeSpan.FromSeconds(2), stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            log.LogInformation("closed");
        }
    }
}
