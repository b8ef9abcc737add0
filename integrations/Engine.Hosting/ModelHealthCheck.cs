using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Engine.Hosting;

/// <summary>Healthy as soon as a model has answered its warm-up; unhealthy before, and after its device was lost.</summary>
internal sealed class ModelHealthCheck(Predictor predictor, int queueLimit) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        Dictionary<string, object> data = new() { ["state"] = predictor.State.ToString(), ["queue_length"] = predictor.QueueLength };
        return Task.FromResult(predictor.State switch
        {
            PredictorState.Ready when predictor.QueueLength >= queueLimit => HealthCheckResult.Degraded($"Model '{predictor.Name}': the queue is full.", data: data),
            PredictorState.Ready => HealthCheckResult.Healthy($"Model '{predictor.Name}' answers.", data),
            PredictorState.Starting => new HealthCheckResult(context.Registration.FailureStatus, $"Model '{predictor.Name}' warms up.", data: data),
            PredictorState.Stopping => new HealthCheckResult(context.Registration.FailureStatus, $"Model '{predictor.Name}': the host stops.", data: data),
            _ => new HealthCheckResult(context.Registration.FailureStatus, predictor.FailureText, predictor.Failure, data),
        });
    }
}
