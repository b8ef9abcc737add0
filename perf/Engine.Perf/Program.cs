Console.WriteLine("no workloads yet");
