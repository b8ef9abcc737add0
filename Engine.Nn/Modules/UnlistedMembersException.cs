namespace Engine.Nn;

/// <summary>
/// A module has tensors or modules that nothing lists: they would be neither trained, nor moved, nor saved. Either it was compiled without the source
/// generator, and the message names the reference that its project needs; or a member whose type does not name its content holds them where they have
/// no names, as in a list of lists.
/// </summary>
public sealed class UnlistedMembersException(string message) : EngineException(message);
