using Google.Protobuf;

namespace Engine.TensorBoard;

/// <summary>
/// The messages of event files that TensorBoard reads (tensorflow/core/util/event.proto, framework/summary.proto and tensor.proto), written field by
/// field under the numbers that they have there.
/// </summary>
internal static class EventMessage
{
    /// <summary>The first event of every file.</summary>
    public const string FileVersion = "brain.Event:2";

    private const int TensorOfStrings = 7;

    /// <summary>Event { wall_time = 1, file_version = 3 }.</summary>
    public static byte[] Version(double wallTime) => Write(output =>
    {
        Field(output, 1, wallTime);
        Field(output, 3, ByteString.CopyFromUtf8(FileVersion));
    });

    /// <summary>Event { wall_time = 1, step = 2, session_log = 7 { status = 1: START } }: what other files say of this step and later ones is void.</summary>
    public static byte[] Restart(double wallTime, long step) => Write(output =>
    {
        Field(output, 1, wallTime);
        Field(output, 2, step);
        Field(output, 7, static log => Field(log, 1, 1));
    });

    /// <summary>Event { wall_time = 1, step = 2, summary = 5 { value = 1 { tag = 1, … } } }.</summary>
    public static byte[] Summary(double wallTime, long step, string tag, Action<CodedOutputStream> value) => Write(output =>
    {
        Field(output, 1, wallTime);
        Field(output, 2, step);
        Field(output, 5, summary => Field(summary, 1, entry =>
        {
            Field(entry, 1, ByteString.CopyFromUtf8(tag));
            value(entry);
        }));
    });

    /// <summary>simple_value = 2.</summary>
    public static void Scalar(CodedOutputStream value, float number)
    {
        value.WriteTag(2, WireFormat.WireType.Fixed32);
        value.WriteFloat(number);
    }

    /// <summary>image = 4 { height = 1, width = 2, colorspace = 3, encoded_image_string = 4 }.</summary>
    public static void Image(CodedOutputStream value, int width, int height, int channels, byte[] png) => Field(value, 4, image =>
    {
        Field(image, 1, height);
        Field(image, 2, width);
        Field(image, 3, channels);
        Field(image, 4, UnsafeByteOperations.UnsafeWrap(png));
    });

    /// <summary>histo = 5 { min = 1, max = 2, num = 3, sum = 4, sum_squares = 5, bucket_limit = 6, bucket = 7 }.</summary>
    public static void Histogram(CodedOutputStream value, in HistogramBuckets buckets)
    {
        HistogramBuckets b = buckets;
        Field(value, 5, histogram =>
        {
            Field(histogram, 1, b.Min);
            Field(histogram, 2, b.Max);
            Field(histogram, 3, (double)b.Count);
            Field(histogram, 4, b.Sum);
            Field(histogram, 5, b.SumOfSquares);
            Packed(histogram, 6, b.Limits);
            Packed(histogram, 7, b.Counts);
        });
    }

    /// <summary>metadata = 9 { plugin_data = 1 { plugin_name = 1 } }, tensor = 8 { dtype = 1, tensor_shape = 2 { dim = 2 { size = 1 } }, string_val = 8 }.</summary>
    public static void Text(CodedOutputStream value, string text)
    {
        Field(value, 8, tensor =>
        {
            Field(tensor, 1, TensorOfStrings);
            Field(tensor, 2, static shape => Field(shape, 2, static axis => Field(axis, 1, 1)));
            Field(tensor, 8, ByteString.CopyFromUtf8(text));
        });
        Field(value, 9, static metadata => Field(metadata, 1, static plugin => Field(plugin, 1, ByteString.CopyFromUtf8("text"))));
    }

    private static byte[] Write(Action<CodedOutputStream> fields)
    {
        using MemoryStream stream = new();
        using (CodedOutputStream output = new(stream, leaveOpen: true))
        {
            fields(output);
        }

        return stream.ToArray();
    }

    private static void Field(CodedOutputStream output, int number, Action<CodedOutputStream> message) =>
        Field(output, number, UnsafeByteOperations.UnsafeWrap(Write(message)));

    private static void Field(CodedOutputStream output, int number, ByteString bytes)
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(bytes);
    }

    private static void Field(CodedOutputStream output, int number, double value)
    {
        output.WriteTag(number, WireFormat.WireType.Fixed64);
        output.WriteDouble(value);
    }

    private static void Field(CodedOutputStream output, int number, long value)
    {
        output.WriteTag(number, WireFormat.WireType.Varint);
        output.WriteInt64(value);
    }

    private static void Packed(CodedOutputStream output, int number, double[] values)
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteLength(values.Length * sizeof(double));
        foreach (double value in values)
        {
            output.WriteDouble(value);
        }
    }
}
