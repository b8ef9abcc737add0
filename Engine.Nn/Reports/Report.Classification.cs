using System.Globalization;

namespace Engine.Nn;

/// <content>The right and wrong answers of a classifier.</content>
public sealed partial class Report
{
    /// <summary>A confusion matrix and a table of precision, recall and F1 of each class.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="matrix">The counts.</param>
    /// <param name="classNames">The names of the classes; their numbers where left out.</param>
    /// <exception cref="ArgumentException">There are more or fewer names than classes.</exception>
    public Report AddConfusion(string title, ConfusionMatrix matrix, IReadOnlyList<string>? classNames = null)
    {
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(matrix);
        return AddConfusion(title, matrix.Counts(), classNames);
    }

    /// <summary>
    /// Runs a classifier on a set of images and shows the result: the confusion matrix, a table of the classes, and the wrong answers with the
    /// highest probabilities.
    /// </summary>
    /// <param name="predict">[N, channels, height, width] → logits [N, classes], such as <c>x => trainer.Predict(x)</c>.</param>
    /// <param name="images">The images with their true classes.</param>
    /// <param name="classNames">The names of the classes; as many as the classifier has.</param>
    /// <param name="most">How many images are shown at most.</param>
    /// <param name="batchSize">How many images are computed at once.</param>
    /// <exception cref="ArgumentException">The answers are not [N, classes].</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or an image has a class without a name.</exception>
    public Report AddClassification(Func<Tensor, Tensor> predict, ImageDataset images, IReadOnlyList<string> classNames, int most = 24, int batchSize = 500)
    {
        ArgumentNullException.ThrowIfNull(predict);
        ArgumentNullException.ThrowIfNull(images);
        int classes = Guard.NoNulls(classNames).Length;
        ArgumentOutOfRangeException.ThrowIfNegative(most);
        Hyper.Count(batchSize);
        long[,] counts = new long[classes, classes];
        List<(int Index, int Predicted, double Probability)> wrong = [];
        int first = 0;
        foreach (Batch taken in new DataLoader(images.WithoutRandomChanges(), batchSize).Epoch(0))
        {
            using Batch batch = taken;
            using TensorScope scope = TensorScope.Begin();
            Tensor answers = Guard.Returned(predict(batch.Inputs), nameof(AddClassification), "the classifier");
            if (answers.Rank != 2 || answers.Shape[0] != batch.Count || answers.Shape[1] != classes)
            {
                throw new ShapeMismatchException($"{nameof(AddClassification)}: the classifier answers {answers.Shape} for {batch.Count} images; it must be [{batch.Count}, {classes}], a number for each of the {classes} names.");
            }

            float[] logits = answers.To(DType.Float32).ToArray<float>();
            for (int i = 0; i < batch.Count; i++)
            {
                (int predicted, double probability) = Surest(logits.AsSpan(i * classes, classes));
                int truth = images.Labels[first + i];
                ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(truth, classes, nameof(classNames));
                counts[truth, predicted]++;
                if (truth != predicted)
                {
                    wrong.Add((first + i, predicted, probability));
                }
            }

            first += batch.Count;
        }

        AddConfusion("Confusion matrix", counts, classNames);
        ReportImage[] shown = [.. wrong.OrderByDescending(static w => w.Probability).Take(most).Select(w => new ReportImage(
            images.Image[2],
            images.Image[1],
            Interleaved(images.Pixels(w.Index), images.Image),
            string.Create(CultureInfo.InvariantCulture, $"{classNames[images.Labels[w.Index]]}\ntaken for {classNames[w.Predicted]}, {w.Probability:P1}")))];
        return AddImages("Most surely mistaken", shown, string.Create(CultureInfo.InvariantCulture, $"{wrong.Count:N0} of {images.Count:N0} images are taken for something else; these are the {shown.Length} about which the network is surest."));
    }

    private Report AddConfusion(string title, long[,] counts, IReadOnlyList<string>? classNames)
    {
        int classes = counts.GetLength(0);
        CheckNames(classNames, classes, "classes", nameof(classNames));
        double[,] values = new double[classes, classes];
        List<IReadOnlyList<object?>> rows = [];
        for (int c = 0; c < classes; c++)
        {
            (long row, long column) = (0, 0);
            for (int other = 0; other < classes; other++)
            {
                values[c, other] = counts[c, other];
                row += counts[c, other];
                column += counts[other, c];
            }

            long right = counts[c, c];
            rows.Add([classNames?[c] ?? c.ToString(CultureInfo.InvariantCulture), row, Ratio(right, column), Ratio(right, row), Ratio(2 * right, row + column)]);
        }

        AddHeatmap(title, values, classNames, classNames, "true", "predicted", "Right answers lie on the diagonal. Colors follow the square root of the counts, so that rare mistakes are seen.");
        return Add(new TableSection("Classes", ["class", "samples", "precision", "recall", "F1"], rows, null, isWide: false));

        static double Ratio(long part, long whole) => whole == 0 ? 0 : Math.Round(part / (double)whole, 4);
    }

    /// <summary>The class of the greatest logit and its softmax.</summary>
    private static (int Class, double Probability) Surest(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int c = 1; c < logits.Length; c++)
        {
            best = logits[c] > logits[best] || float.IsNaN(logits[best]) ? c : best;
        }

        double sum = 0;
        foreach (float logit in logits)
        {
            sum += float.IsNaN(logit) ? 0 : Math.Exp(logit - logits[best]);
        }

        return (best, 1 / sum);
    }

    /// <summary>[channels, height, width] as rows of pixels; of other than three channels the first.</summary>
    private static byte[] Interleaved(ReadOnlySpan<byte> pixels, Shape image)
    {
        int plane = image[1] * image[2];
        if (image[0] != 3)
        {
            return pixels[..plane].ToArray();
        }

        byte[] colors = new byte[3 * plane];
        for (int i = 0; i < plane; i++)
        {
            (colors[3 * i], colors[(3 * i) + 1], colors[(3 * i) + 2]) = (pixels[i], pixels[plane + i], pixels[(2 * plane) + i]);
        }

        return colors;
    }
}
