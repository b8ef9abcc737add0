using System.Text;

namespace Engine.Nn.Generators;

/// <summary>C# member names in PyTorch's spelling: <c>RunningMean</c> → <c>running_mean</c>, <c>_conv1</c> → <c>conv1</c>, <c>QKVProj</c> → <c>qkv_proj</c>.</summary>
internal static class SnakeCase
{
    public static string From(string member)
    {
        string name = member.TrimStart('_');
        StringBuilder text = new(name.Length + 4);
        for (int i = 0; i < name.Length; i++)
        {
            char c = name[i];
            if (char.IsUpper(c) && i > 0 && name[i - 1] != '_')
            {
                // A word begins after a small letter or digit, and at the last capital of a run that a small letter follows.
                bool afterWord = !char.IsUpper(name[i - 1]);
                bool endsRun = i + 1 < name.Length && char.IsLower(name[i + 1]);
                if (afterWord || endsRun)
                {
                    text.Append('_');
                }
            }

            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
