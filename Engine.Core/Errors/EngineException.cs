namespace Engine;

/// <summary>The root of the errors that only this engine has; bad arguments are <see cref="ArgumentException"/>s.</summary>
public class EngineException : Exception
{
    /// <summary>An error with a message.</summary>
    public EngineException(string message)
        : base(message)
    {
    }

    /// <summary>An error with a message and its cause.</summary>
    public EngineException(string message, Exception? inner)
        : base(message, inner)
    {
    }
}

/// <summary>Shapes of operands do not fit together. The message names the operation, the shapes, the rule and a way out.</summary>
public sealed class ShapeMismatchException(string message, Exception? inner = null) : ArgumentException(message, inner);

/// <summary>An element type is not accepted, or two that must agree differ.</summary>
public sealed class DTypeMismatchException(string message) : ArgumentException(message);

/// <summary>Operands live on different devices.</summary>
public sealed class DeviceMismatchException(string message) : ArgumentException(message);

/// <summary>A requested device is not there; <see cref="Report"/> lists the attempts to find it.</summary>
public sealed class DeviceUnavailableException(string message, DeviceReport? report = null) : EngineException(message)
{
    /// <summary>The attempts to find devices.</summary>
    public DeviceReport? Report { get; } = report;
}

/// <summary>The device has no kernel for an operation on this element type.</summary>
public sealed class OperationNotSupportedException(string message) : EngineException(message);

/// <summary>The device's memory is exhausted, even after the pool was drained.</summary>
public sealed class OutOfDeviceMemoryException(string message, MemoryReport report) : EngineException(message)
{
    /// <summary>The holders of the memory at the time of the request.</summary>
    public MemoryReport Report { get; } = report;
}

/// <summary>A gradient was asked for where the graph cannot give one (consumed graph, overwritten value, no graph at all).</summary>
public sealed class GradientException(string message) : EngineException(message);

/// <summary>A NaN or an infinity was made while <see cref="Autograd.DetectAnomaly"/> was in force.</summary>
public sealed class AnomalyException : EngineException
{
    /// <summary>An anomaly and where it was made.</summary>
    /// <param name="message">The error.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="module">The module, where it is known.</param>
    /// <param name="isBackward">Whether it was a gradient.</param>
    public AnomalyException(string message, string operation, string? module, bool isBackward)
        : base(message) => (Operation, Module, IsBackward) = (operation, module, isBackward);

    /// <summary>The operation that made it: "Log".</summary>
    public string Operation { get; }

    /// <summary>The module whose computation it was part of: "layer1.0.conv1 (Conv2d)"; null where it is not known.</summary>
    public string? Module { get; }

    /// <summary>Whether it was made in the backward pass.</summary>
    public bool IsBackward { get; }
}

/// <summary>A step cannot be captured, or not be replayed as it was captured (see <see cref="CapturedStep"/>). The message says what to change.</summary>
public sealed class CaptureException(string message, Exception? inner = null) : EngineException(message, inner);

/// <summary>A matrix cannot be factorised as it was asked for; the message names the operation and the matrix of a batch.</summary>
public class LinearAlgebraException(string message) : EngineException(message);

/// <summary>A matrix has no inverse, so that a system of equations has no single solution.</summary>
public sealed class SingularMatrixException(string message) : LinearAlgebraException(message);

/// <summary>A matrix has no Cholesky factor: it is not positive definite.</summary>
public sealed class NotPositiveDefiniteException(string message) : LinearAlgebraException(message);

/// <summary>A kernel could not be compiled for a device.</summary>
public sealed class KernelCompilationException(string message, Exception? inner = null) : EngineException(message, inner);

/// <summary>
/// A kernel written as a C# method failed while it ran on the host: an index outside a view, or an exception of its own, which is then
/// <see cref="Exception.InnerException"/>. Results that other work-items have written stay.
/// </summary>
public sealed class KernelExecutionException(string message, Exception? inner = null) : EngineException(message, inner);

/// <summary>The device stopped answering; its tensors are lost, the process goes on.</summary>
public sealed class DeviceLostException(string message, Exception? inner = null) : EngineException(message, inner);

/// <summary>
/// A file is damaged, or is something else than it should be: the root of <see cref="ModelFileException"/>, <see cref="DataFileException"/> and
/// <see cref="StudyFileException"/>. A file that is not there, or that the system does not let read, is an <see cref="IOException"/> or an
/// <see cref="UnauthorizedAccessException"/>.
/// </summary>
public abstract class DamagedFileException : EngineException
{
    /// <summary>An error with a message and its cause.</summary>
    protected DamagedFileException(string message, Exception? inner)
        : base(message, inner)
    {
    }
}

/// <summary>A model or checkpoint file is damaged or does not fit the model.</summary>
public sealed class ModelFileException(string message, Exception? inner = null) : DamagedFileException(message, inner);

/// <summary>A file of data is damaged, or its content is none that can be learned from. Readers of a kind of files may derive their own from it.</summary>
public class DataFileException(string message, Exception? inner = null) : DamagedFileException(message, inner);

/// <summary>Where a study of hyper-parameters is kept is damaged, cannot be used, was written by a newer program, or holds a study of another search space.</summary>
public sealed class StudyFileException(string message, Exception? inner = null) : DamagedFileException(message, inner);
