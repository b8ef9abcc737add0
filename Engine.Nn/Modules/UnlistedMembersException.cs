namespace Engine.Nn;

/// <summary>
/// A module was compiled without the source generator, so that nothing lists its members: they would be neither trained, nor moved, nor saved.
/// The message tells what the module's project has to reference.
/// </summary>
public sealed class UnlistedMembersException(string message) : EngineException(message);
