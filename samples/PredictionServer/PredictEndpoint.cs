using System.Text.Json;
using Engine.Data.Images;
using Engine.Hosting;
using Engine.Nn;
using Microsoft.AspNetCore.Http.HttpResults;

namespace PredictionServerSample;

/// <summary><c>POST /predict</c>: a picture in, a piece of clothing out.</summary>
internal static class PredictEndpoint
{
    private static readonly ImageOptions s_options = new() { Colors = ImageColors.Gray, MaxPixels = 1 << 24 };
    private static readonly Resize s_resize = new(ClothesPicture.Size, ClothesPicture.Size);

    public static void MapPredict(this IEndpointRouteBuilder app) => app.MapPost("/predict", PredictAsync)
        .WithName("Predict")
        .WithSummary("What piece of clothing is this?")
        .WithDescription("The body is a picture (PNG, JPEG, WebP or BMP; light on dark, like the data that the network has learnt from), or 784 grey pixels as JSON.")
        .Accepts<PixelRequest>("application/json", "image/png", "image/jpeg", "image/webp", "image/bmp")
        .Produces<ClothesAnswer>()
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Ok<ClothesAnswer>, ProblemHttpResult>> PredictAsync(
        HttpRequest request, IPredictor<ClothesPicture, ClothesAnswer> predictor, CancellationToken cancellationToken)
    {
        try
        {
            ClothesPicture? picture = await ReadAsync(request, cancellationToken);
            return picture is null
                ? TypedResults.Problem($"'{request.ContentType}' is neither a picture nor JSON.", statusCode: StatusCodes.Status415UnsupportedMediaType)
                : TypedResults.Ok(await predictor.PredictAsync(picture, cancellationToken));
        }
        catch (Exception error) when (error is JsonException or ArgumentException or BadImageException)
        {
            return TypedResults.Problem(error.Message, statusCode: StatusCodes.Status400BadRequest);
        }
        catch (BadHttpRequestException error)
        {
            return TypedResults.Problem(error.Message, statusCode: error.StatusCode);
        }
        catch (PredictionException error)
        {
            // Full, stopping or broken: another instance may answer, or this one a little later.
            request.HttpContext.Response.Headers.RetryAfter = "1";
            return TypedResults.Problem(error.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static async Task<ClothesPicture?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.HasJsonContentType())
        {
            PixelRequest? json = await request.ReadFromJsonAsync(ServerJson.Default.PixelRequest, cancellationToken);
            int[] pixels = json?.Pixels ?? throw new JsonException("The body has no 'pixels'.");
            return pixels.Any(static p => p is < 0 or > 255)
                ? throw new ArgumentException("Pixels lie between 0 and 255.")
                : new ClothesPicture([.. pixels.Select(static p => (byte)p)]);
        }

        if (request.ContentType?.StartsWith("image/", StringComparison.OrdinalIgnoreCase) != true)
        {
            return null;
        }

        using MemoryStream file = new();
        await request.Body.CopyToAsync(file, cancellationToken);
        DecodedImage image = ImageDecoder.Decode(file.GetBuffer().AsSpan(0, (int)file.Length), s_options, "the picture").Apply(s_resize);
        return new ClothesPicture(image.Pixels.ToArray());
    }
}
