namespace Engine.Tests.Reference;

/// <summary>
/// What every other backend is compared with: that of samples/OwnBackend, whose sources are compiled here. It has the ten abstract operations as plain loops
/// and nothing else, so that the defaults of <see cref="Backend"/> run on it.
/// </summary>
internal class ReferenceBackend : OwnBackendSample.LoopBackend;
