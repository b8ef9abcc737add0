using System.Text;
using System.Text.Json;
using Engine.Nn;

namespace Engine.Dashboard;

/// <summary>What pages are told, as JSON.</summary>
internal static class LiveEvents
{
    public static LiveEvent Begin(int version, int epochs) => Of("begin", json =>
    {
        json.WriteNumber("version", version);
        json.WriteNumber("epochs", epochs);
    });

    public static LiveEvent Step(RunSample sample) => Of("step", json =>
    {
        json.WriteNumber("step", sample.Step);
        Write(json, "epoch", sample.Epoch);
        Write(json, "seconds", sample.Seconds);
        Write(json, "loss", sample.Loss);
        Write(json, "learning_rate", sample.LearningRate);
        Write(json, "samples_per_second", sample.SamplesPerSecond);
        Write(json, "gradient_norm", sample.GradientNorm);
    });

    public static LiveEvent Epoch(int epoch, IReadOnlyDictionary<string, double> figures) => Of("epoch", json =>
    {
        json.WriteNumber("epoch", epoch);
        json.WriteStartObject("figures");
        foreach ((string name, double value) in figures)
        {
            Write(json, name, value);
        }

        json.WriteEndObject();
    });

    public static LiveEvent End(string words) => Of("end", json => json.WriteString("words", words));

    private static LiveEvent Of(string type, Action<Utf8JsonWriter> write)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return new LiveEvent(type, Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length));
    }

    /// <summary>JSON has no word for NaN and infinities: they are strings.</summary>
    private static void Write(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteString(name, double.IsNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞");
        }
    }
}
