using Engine.Nn;
using Microsoft.Data.Sqlite;

namespace Engine.Search.Sqlite.Tests;

/// <summary>A file for a study in a folder of its own, which is deleted in the end.</summary>
internal sealed class StudyFile : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("study");

    public string Path => System.IO.Path.Combine(_folder.FullName, "study.db");

    /// <summary>The space of the tests and of the worker.</summary>
    public static SearchSpace Space(out Dimension<double> x, out Dimension<int> n)
    {
        SearchSpace space = new();
        x = space.Uniform("x", -1, 1);
        Dimension<string> kind = space.Choice("kind", "a", "b");
        n = space.When(kind, "b").Integer("n", 1, 9);
        return space;
    }

    /// <summary>Runs a statement as any tool would.</summary>
    public void Run(string sql)
    {
        using SqliteConnection connection = new($"Data Source={Path};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
