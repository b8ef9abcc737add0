namespace Engine.Nn;

/// <summary>The world outside of a pickle: what its names mean. Nothing else can be called.</summary>
internal interface IPickleObjects
{
    /// <summary>The thing that a name stands for; null where there is none, so that the file is refused.</summary>
    object? Find(string module, string name);

    /// <summary>The result of a call of what <see cref="Find"/> gave; throws where the arguments do not fit.</summary>
    object? Call(object function, object?[] arguments);

    /// <summary>What lies outside of the pickle under an identity.</summary>
    object Persistent(object? id);
}
