using Engine;

namespace FashionMnistSample;

/// <summary>Lists what the engine can compute on, best first, and everything that was tried to find it.</summary>
internal static class DevicesCommand
{
    public static int Run()
    {
        foreach (Device device in Device.All)
        {
            Console.WriteLine($"{device.Name,-10} {device.Description}");
        }

        Console.WriteLine();
        Console.WriteLine("What was tried:");
        Console.Write(Device.Probe());
        return 0;
    }
}
