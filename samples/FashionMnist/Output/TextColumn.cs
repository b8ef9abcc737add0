using Spectre.Console;
using Spectre.Console.Rendering;

namespace FashionMnistSample;

/// <summary>A column of the live bar whose text is asked for at each refresh.</summary>
internal sealed class TextColumn(Func<string> text) : ProgressColumn
{
    protected override bool NoWrap => true;

    public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(text());
}
