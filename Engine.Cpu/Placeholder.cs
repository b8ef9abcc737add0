namespace Engine; internal static class PlaceholderCpu { }
