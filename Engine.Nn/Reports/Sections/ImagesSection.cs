namespace Engine.Nn;

/// <summary>Pictures side by side, each with its caption.</summary>
internal sealed class ImagesSection(string title, IReadOnlyList<ReportImage> images, string? caption) : ReportSection(title, caption)
{
    protected override void WriteBody(HtmlText html)
    {
        if (images.Count == 0)
        {
            html.Raw("<p class=\"note\">No pictures.</p>");
            return;
        }

        html.Raw("<div class=\"images\">");
        foreach (ReportImage image in images)
        {
            string data = Convert.ToBase64String(PngImage.Of(image.Width, image.Height, image.Pixels));
            html.Raw("<figure><img width=\"").Number(image.Width).Raw("\" height=\"").Number(image.Height);
            html.Raw("\" alt=\"").Text(image.Caption).Raw("\" src=\"data:image/png;base64,").Raw(data).Raw("\">").Element("figcaption", image.Caption).Raw("</figure>\n");
        }

        html.Raw("</div>");
    }
}
