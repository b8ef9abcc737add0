using System.Diagnostics;
using System.Globalization;
using System.Text;
using NUnit.Framework;

namespace Engine.Data.Tables.Tests;

/// <summary>Bytes of CSV a second. Not part of the suite: <c>dotnet test --filter Name~Throughput</c> on a quiet machine runs and prints it.</summary>
internal sealed class ThroughputTests
{
    private const int Rows = 2_500_000, Runs = 3;

    [Test]
    [Explicit("It measures the machine.")]
    public void Throughput_OfCsv()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("large.csv");
        Write(path);
        double megabytes = new FileInfo(path).Length / 1e6;
        TestContext.Out.WriteLine($"{megabytes:F0} MB: {Rows:N0} rows of 8 numbers, a category of 12 and a target; 3 numbers of 4 decimals, 2 whole ones, 3 of 9 to 17 digits; 1 % missing");
        foreach (int threads in new[] { 1, 0 })
        {
            CsvOptions options = new() { MaxThreads = threads };
            string who = threads == 0 ? $"{Environment.ProcessorCount} threads" : "1 thread to read, all to prepare";
            Table? table = null;
            Measure($"read into columns, {who}", () => table = Csv.Read(path, options));
            Measure($"read, fit, tensors, {who}", () => Prepare(Csv.Read(path, options)));
            Measure("fit and tensors alone", () => Prepare(table!));
        }

        void Measure(string name, Action action)
        {
            action();
            double best = double.PositiveInfinity;
            List<double> all = [];
            for (int i = 0; i < Runs; i++)
            {
                GC.Collect();
                var time = Stopwatch.StartNew();
                action();
                all.Add(time.Elapsed.TotalSeconds);
                best = Math.Min(best, all[^1]);
            }

            all.Sort();
            TestContext.Out.WriteLine($"{name}: {megabytes / all[Runs / 2]:F0} MB/s (median of {Runs}; best {megabytes / best:F0})");
            Assert.That(megabytes / best, Is.GreaterThan(20), "MB a second: less is an error, not a slow machine");
        }
    }

    private static void Prepare(Table table)
    {
        using TensorScope scope = TensorScope.Begin();
        TablePreprocessor preprocessor = TablePreprocessor.Fit(table, "y");
        Assert.That(preprocessor.Inputs(table, Device.Cpu)[0].Shape[0], Is.EqualTo(table.RowCount));
        Assert.That(preprocessor.Targets(table, Device.Cpu)[0].Shape[0], Is.EqualTo(table.RowCount));
    }

    private static void Write(string path)
    {
        Random random = new(1);
        string[] cities = [.. Enumerable.Range(0, 12).Select(static i => "city " + (char)('a' + i))];
        using StreamWriter file = new(path, append: false, new UTF8Encoding(false), 1 << 20);
        file.Write("a,b,c,d,e,f,g,h,city,y\n");
        for (int row = 0; row < Rows; row++)
        {
            for (int i = 0; i < 8; i++)
            {
                double value = (random.NextDouble() * 200) - 100;
                if (random.Next(100) > 0)
                {
                    file.Write(i switch
                    {
                        < 3 => value.ToString("F4", CultureInfo.InvariantCulture),
                        < 5 => ((int)(value * 1000)).ToString(CultureInfo.InvariantCulture),
                        5 => value.ToString("G9", CultureInfo.InvariantCulture),
                        6 => value.ToString("G12", CultureInfo.InvariantCulture),
                        _ => value.ToString("R", CultureInfo.InvariantCulture),
                    });
                }

                file.Write(',');
            }

            file.Write(cities[random.Next(cities.Length)]);
            file.Write(',');
            file.Write(random.NextDouble().ToString("F6", CultureInfo.InvariantCulture));
            file.Write('\n');
        }
    }
}
