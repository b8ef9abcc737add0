using Engine.Nn;

namespace Engine.Tests.Nn.Search;

/// <summary>Hears of trials at once; Progress would on another thread.</summary>
internal sealed class Listener(Action<Trial> listen) : IProgress<Trial>
{
    public void Report(Trial value) => listen(value);
}
