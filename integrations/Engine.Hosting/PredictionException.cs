namespace Engine.Hosting;

/// <summary>The model could not answer a sample; the inner exception says why where the engine threw one.</summary>
public class PredictionException : EngineException
{
    /// <summary>With a message.</summary>
    public PredictionException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and its cause.</summary>
    public PredictionException(string message, Exception? inner)
        : base(message, inner)
    {
    }
}

/// <summary>More samples wait than the model's queue holds. Ask again later, or ask less at once.</summary>
public sealed class QueueFullException(string message) : PredictionException(message);
