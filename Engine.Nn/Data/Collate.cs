namespace Engine.Nn;

/// <summary>The usual ways to make a batch of samples.</summary>
public static class Collate
{
    /// <summary>Puts samples of equal shapes on top of each other: arrays of shape s become a tensor [N, s].</summary>
    /// <exception cref="ShapeMismatchException">Samples have different shapes, or different numbers of arrays.</exception>
    /// <exception cref="DTypeMismatchException">Samples have different element types.</exception>
    public static Batch Stack(IReadOnlyList<Sample> samples, Device device)
    {
        Check(nameof(Stack), samples, device);
        return new Batch(
            Stacked(samples, static s => s.Inputs, "input", device), Stacked(samples, static s => s.Targets, "target", device), Weights(samples, device));
    }

    /// <summary>
    /// Fills samples of different sizes up at their ends to the longest of the batch, along every axis in which they differ: sentences of L words become [N, longest].
    /// </summary>
    /// <param name="padding">What inputs are filled up with.</param>
    /// <param name="targetPadding">What targets are filled up with; where left out −100 for integers, which the losses of classes leave out, and 0 for other types.</param>
    /// <param name="addLengths">Whether one more input, named "lengths" where inputs have names, has the true length of each sample along the first axis of its first input, int64 [N].</param>
    /// <param name="addMask">Whether one more input, "mask", says which places are real, bool [N, longest].</param>
    /// <returns>A function for <see cref="DataLoader.Collate"/> or <see cref="SampleDataset.Collate"/>.</returns>
    public static CollateFunction Pad(double padding = 0, double? targetPadding = null, bool addLengths = false, bool addMask = false) => (samples, device) =>
    {
        Check(nameof(Pad), samples, device);
        HostArrays[] inputs = Padded(samples, static s => s.Inputs, "input", _ => padding);
        HostArrays[] targets = Padded(samples, static s => s.Targets, "target", type => targetPadding ?? (type.IsFloatingPoint() || type == DType.Bool || type == DType.UInt8 ? 0 : -100));
        Sample[] even = [.. samples.Select((sample, i) => new Sample(inputs[i], targets[i]) { Weight = sample.Weight })];
        if (addLengths || addMask)
        {
            int longest = inputs[0][0].Shape.Rank > 0 ? inputs[0][0].Shape[0] : throw new ShapeMismatchException("Collate.Pad: the first input is a single number, which has no length.");
            for (int i = 0; i < even.Length; i++)
            {
                even[i] = even[i] with { Inputs = WithLength(even[i].Inputs, samples[i].Inputs[0].Shape[0], longest, addLengths, addMask) };
            }
        }

        return Stack(even, device);
    };

    private static HostArrays WithLength(HostArrays inputs, int length, int longest, bool addLengths, bool addMask)
    {
        List<HostArray> arrays = [.. inputs];
        List<string> names = [.. inputs.Names];
        if (addLengths)
        {
            arrays.Add((long)length);
            names.Add("lengths");
        }

        if (addMask)
        {
            bool[] mask = new bool[longest];
            mask.AsSpan(0, length).Fill(true);
            arrays.Add(mask);
            names.Add("mask");
        }

        return inputs.Names.Count == 0 ? [.. arrays] : new HostArrays([.. names.Zip(arrays)]);
    }

    private static HostArrays[] Padded(IReadOnlyList<Sample> samples, Func<Sample, HostArrays> part, string what, Func<DType, double> padding)
    {
        HostArray[][] result = [.. samples.Select(sample => new HostArray[part(sample).Count])];
        for (int place = 0; place < result[0].Length; place++)
        {
            HostArray first = part(samples[0])[place];
            int[] longest = first.Shape.ToArray();
            for (int i = 0; i < samples.Count; i++)
            {
                Shape shape = At(part(samples[i]), place, result[0].Length, what, i).Shape;
                if (shape.Rank != longest.Length)
                {
                    throw new ShapeMismatchException($"Collate.Pad: {what} {place} of sample {i} is {shape}, of sample 0 {first.Shape}; they may differ in sizes, not in the number of axes.");
                }

                for (int axis = 0; axis < longest.Length; axis++)
                {
                    longest[axis] = Math.Max(longest[axis], shape[axis]);
                }
            }

            for (int i = 0; i < samples.Count; i++)
            {
                result[i][place] = RaggedArrays.Fill(part(samples[i])[place], longest, padding(first.DType));
            }
        }

        return [.. result.Select((arrays, i) => part(samples[i]).With(arrays))];
    }

    private static Tensors Stacked(IReadOnlyList<Sample> samples, Func<Sample, HostArrays> part, string what, Device device)
    {
        HostArrays form = part(samples[0]);
        Tensor[] tensors = new Tensor[form.Count];
        for (int place = 0; place < tensors.Length; place++)
        {
            HostArray first = form[place];
            int bytes = first.Bytes.Length;
            Guard.HostArray(nameof(Collate), (long)samples.Count * bytes, 1);
            byte[] all = GC.AllocateUninitializedArray<byte>(samples.Count * bytes);
            for (int i = 0; i < samples.Count; i++)
            {
                HostArray array = At(part(samples[i]), place, tensors.Length, what, i);
                if (array.DType != first.DType)
                {
                    throw new DTypeMismatchException($"Collate: {what} {Name(form, place)} of sample {i} is {array.DType.ShortName()}, of sample 0 {first.DType.ShortName()}; a batch has one type.");
                }

                if (array.Shape != first.Shape)
                {
                    throw new ShapeMismatchException($"Collate: {what} {Name(form, place)} of sample {i} is {array.Shape}, of sample 0 {first.Shape}. Collate.Pad() fills shorter ones up.");
                }

                array.Bytes.CopyTo(all.AsSpan(i * bytes));
            }

            tensors[place] = Tensor.Empty([samples.Count, .. first.Shape.AsSpan()], first.DType, device);
            device.Upload(all, tensors[place].Storage, 0);
        }

        return Tensors.From(tensors, form.NamesOrNull);
    }

    private static string Name(HostArrays arrays, int place) => arrays.Names.Count > 0 ? $"'{arrays.Names[place]}'" : $"{place}";

    private static HostArray At(HostArrays arrays, int place, int count, string what, int sample) => arrays.Count == count
        ? arrays[place]
        : throw new ShapeMismatchException($"Collate: sample {sample} has {arrays.Count} {what}s, sample 0 {count}; all samples of a batch have as many.");

    private static Tensor? Weights(IReadOnlyList<Sample> samples, Device device) =>
        samples.Any(static s => s.Weight is not null) ? Tensor.From<float>([.. samples.Select(static s => (float)(s.Weight ?? 1))], device) : null;

    private static void Check(string op, IReadOnlyList<Sample> samples, Device device)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(device);
        if (samples.Count == 0 || samples[0].Inputs.Count == 0)
        {
            throw new ArgumentException($"Collate.{op}: there are no samples, or samples without inputs.", nameof(samples));
        }
    }
}
