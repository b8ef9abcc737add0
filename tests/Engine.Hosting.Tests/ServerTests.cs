using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Engine.Nn;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NUnit.Framework;
using SkiaSharp;

namespace Engine.Hosting.Tests;

/// <summary>samples/PredictionServer, asked as its clients ask it.</summary>
internal sealed class ServerTests
{
    private TemporaryFile _weights = null!;
    private WebApplicationFactory<Program> _server = null!;
    private ImageDataset _pictures = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _weights = new TemporaryFile();
        _pictures = FashionMnist.Load(FashionMnist.FindDirectory(), train: false);
        _server = new WebApplicationFactory<Program>().WithWebHostBuilder(builder => builder
            .UseSetting("Engine:Device", "cpu")
            .UseSetting("Engine:Models:clothes:Weights", _weights.Path)
            .UseSetting("Training:Images", "2000"));
        using HttpClient client = _server.CreateClient();
        while ((await client.GetAsync("/health/ready")).StatusCode != HttpStatusCode.OK)
        {
            await Task.Delay(5);
        }
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        await _server.DisposeAsync();
        _weights.Dispose();
    }

    [Test]
    public async Task Pixels_GetTheClassThatTheModelGives()
    {
        using HttpClient client = _server.CreateClient();
        LeNet5 model = new();
        model.LoadStateDict(Safetensors.Load(_weights.Path));
        int right = 0;
        for (int i = 0; i < 40; i++)
        {
            int[] pixels = Pixels(i);
            JsonElement answer = await OkAsync(await client.PostAsJsonAsync("/predict", new { pixels }));
            float[] values = [.. pixels.Select(static p => (float)(((p / 255.0) - FashionMnist.Mean) / FashionMnist.Std))];
            float[] expected = model.Predict(Tensor.From<float>(values, [1, 1, 28, 28])).Softmax(axis: 1).ToArray<float>();
            int best = Array.IndexOf(expected, expected.Max());
            Assert.That(answer.GetProperty("class").GetString(), Is.EqualTo(FashionMnist.ClassNames[best]));
            Assert.That(answer.GetProperty("probability").GetSingle(), Is.EqualTo(expected[best]).Within(1e-5));
            Assert.That(answer.GetProperty("probabilities").EnumerateObject().Sum(static p => p.Value.GetDouble()), Is.EqualTo(1).Within(1e-5));
            right += best == _pictures.Labels[i] ? 1 : 0;
        }

        // One epoch over 2,000 pictures: far from good, farther from chance.
        Assert.That(right, Is.GreaterThan(12));
    }

    [TestCase("{ \"pixels\": [1, 2, 3] }", "784 pixels")]
    [TestCase("{ \"pixels\": [-1] }", "between 0 and 255")]
    [TestCase("{ \"pixels\": null }", "no 'pixels'")]
    [TestCase("{ \"pixels\": [1e99] }", "")]
    [TestCase("{ \"pixels\": ", "")]
    [TestCase("null", "no 'pixels'")]
    [TestCase("", "")]
    public async Task BadJson_Is400_WithAReason(string json, string reason)
    {
        using HttpClient client = _server.CreateClient();
        using StringContent body = new(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await client.PostAsync("/predict", body);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
        JsonElement problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.That(problem.GetProperty("detail").GetString(), Does.Contain(reason));
    }

    [TestCase(SKEncodedImageFormat.Png, 1)]
    [TestCase(SKEncodedImageFormat.Webp, 1)]
    [TestCase(SKEncodedImageFormat.Jpeg, 8)]
    public async Task Picture_GetsTheAnswerOfItsPixels(SKEncodedImageFormat format, int scale)
    {
        using HttpClient client = _server.CreateClient();
        for (int i = 0; i < 10; i++)
        {
            byte[] pixels = _pictures.Pixels(i).ToArray();
            using SKBitmap bitmap = new(28 * scale, 28 * scale, SKColorType.Rgba8888, SKAlphaType.Opaque);
            for (int y = 0; y < bitmap.Height; y++)
            {
                for (int x = 0; x < bitmap.Width; x++)
                {
                    byte gray = pixels[(y / scale * 28) + (x / scale)];
                    bitmap.SetPixel(x, y, new SKColor(gray, gray, gray));
                }
            }

            using ByteArrayContent body = new(bitmap.Encode(format, 100).ToArray());
            body.Headers.ContentType = new MediaTypeHeaderValue($"image/{format.ToString().ToLowerInvariant()}");
            JsonElement answer = await OkAsync(await client.PostAsync("/predict", body));
            JsonElement expected = await OkAsync(await client.PostAsJsonAsync("/predict", new { pixels = Pixels(i) }));
            Assert.That(answer.GetProperty("probability").GetDouble(), Is.EqualTo(expected.GetProperty("probability").GetDouble()).Within(format == SKEncodedImageFormat.Png ? 1e-5 : 0.1));
        }
    }

    [Test]
    public async Task PictureThatIsNone_Is400()
    {
        using HttpClient client = _server.CreateClient();
        using ByteArrayContent body = new([0x89, (byte)'P', (byte)'N', (byte)'G', 1, 2, 3]);
        body.Headers.ContentType = new MediaTypeHeaderValue("image/png");
        using HttpResponseMessage response = await client.PostAsync("/predict", body);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That((await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString(), Does.StartWith("the picture: "));
    }

    [Test]
    public async Task OtherContent_Is415()
    {
        using HttpClient client = _server.CreateClient();
        using ByteArrayContent body = new([1, 2, 3]);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/pdf");
        using HttpResponseMessage response = await client.PostAsync("/predict", body);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.UnsupportedMediaType));
    }

    [Test]
    public async Task ManyClients_AllGetAnswers()
    {
        using HttpClient client = _server.CreateClient();
        string[] alone = [.. await Task.WhenAll(Enumerable.Range(0, 16).Select(async i => await AskAsync(client, i)))];
        string[][] together = await Task.WhenAll(Enumerable.Range(0, 64).Select(async _ =>
        {
            string[] answers = new string[16];
            for (int i = 0; i < answers.Length; i++)
            {
                answers[i] = await AskAsync(client, i);
            }

            return answers;
        }));
        Assert.That(together, Has.All.EqualTo(alone));
    }

    [Test]
    public async Task Document_DescribesTheCall()
    {
        using HttpClient client = _server.CreateClient();
        JsonElement post = (await client.GetFromJsonAsync<JsonElement>("/openapi/v1.json")).GetProperty("paths").GetProperty("/predict").GetProperty("post");
        Assert.That(post.GetProperty("requestBody").GetProperty("content").EnumerateObject().Select(static p => p.Name), Is.SupersetOf(new[] { "application/json", "image/png", "image/jpeg" }));
        Assert.That(post.GetProperty("responses").EnumerateObject().Select(static p => p.Name), Is.SupersetOf(new[] { "200", "400", "415", "503" }));
    }

    [Test]
    public async Task Alive_IsAnsweredApart()
    {
        using HttpClient client = _server.CreateClient();
        Assert.That((await client.GetAsync("/health/live")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Stop_InTheMiddleOfRequests_AnswersThoseThatHaveCome()
    {
        // A server of its own on a real socket, since the other tests go on with theirs.
        await using WebApplicationFactory<Program> server = _server.WithWebHostBuilder(static _ => { });
        server.UseKestrel(0);
        using HttpClient client = server.CreateClient();
        while ((await client.GetAsync("/health/ready")).StatusCode != HttpStatusCode.OK)
        {
            await Task.Delay(5);
        }

        int answered = 0, refused = 0;
        async Task AskUntilItEndsAsync(int picture)
        {
            while (true)
            {
                try
                {
                    using HttpResponseMessage response = await client.PostAsJsonAsync("/predict", new { pixels = Pixels(picture) });
                    Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
                    Assert.That((await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("class").GetString(), Is.Not.Empty);
                    Interlocked.Increment(ref answered);
                }
                catch (HttpRequestException error) when (error.InnerException is System.Net.Sockets.SocketException or IOException)
                {
                    // The listener is gone: no new request is taken.
                    Interlocked.Increment(ref refused);
                    return;
                }
            }
        }

        Task[] clients = [.. Enumerable.Range(0, 16).Select(AskUntilItEndsAsync)];
        while (Volatile.Read(ref answered) < 100)
        {
            await Task.Delay(1);
        }

        server.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await Task.WhenAll(clients);
        Assert.That(refused, Is.EqualTo(clients.Length));
    }

    private int[] Pixels(int picture) => [.. _pictures.Pixels(picture).ToArray().Select(static b => (int)b)];

    private async Task<string> AskAsync(HttpClient client, int picture) =>
        (await OkAsync(await client.PostAsJsonAsync("/predict", new { pixels = Pixels(picture) }))).GetProperty("class").GetString()!;

    private static async Task<JsonElement> OkAsync(HttpResponseMessage response)
    {
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), await response.Content.ReadAsStringAsync());
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
