namespace Engine.Nn;

/// <summary>The settings that all workers of a shared study agree on.</summary>
/// <param name="Space">The space, a line for each hyper-parameter (<see cref="SearchSpace.ToString"/>).</param>
/// <param name="Names">The names of the hyper-parameters in the order of coordinates.</param>
/// <param name="Mode">Which way the objective gets better.</param>
public sealed record StudyDefinition(string Space, IReadOnlyList<string> Names, MonitorMode Mode)
{
    /// <summary>The space, a line for each hyper-parameter.</summary>
    public string Space { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Space ?? throw new ArgumentNullException(nameof(Space));

    /// <summary>The names of the hyper-parameters in the order of coordinates.</summary>
    public IReadOnlyList<string> Names { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Names ?? throw new ArgumentNullException(nameof(Names));

    /// <summary>Refuses a study that is not the one that a storage holds.</summary>
    /// <param name="stored">The definition in the storage.</param>
    /// <param name="where">The storage, for the message.</param>
    /// <exception cref="StudyFileException">They differ; the message shows the first line that does.</exception>
    public void RequireSame(StudyDefinition stored, string where)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(where);
        if (Space != stored.Space)
        {
            string[] there = stored.Space.Split('\n'), here = Space.Split('\n');
            int line = 0;
            while (line < there.Length && line < here.Length && there[line] == here[line])
            {
                line++;
            }

            throw new StudyFileException($"Study: {where} holds a study of another space: '{At(there, line)}' there, '{At(here, line)}' here. Take another storage, or the space of the study.");
        }

        if (Mode != stored.Mode)
        {
            throw new StudyFileException($"Study: {where} holds a study whose mode is {stored.Mode}, not {Mode}. Take another storage, or the mode of the study.");
        }
    }

    private static string At(string[] lines, int line) => line < lines.Length ? lines[line] : "nothing";
}
