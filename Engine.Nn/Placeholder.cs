namespace Engine; internal static class PlaceholderNn { }
