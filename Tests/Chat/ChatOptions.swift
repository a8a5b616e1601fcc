/// The command line.
struct ChatOptions {
    static let usage = """
        usage: rivet-chat [--port N] [--token T] [--port-file FILE] [--notices FIFO] [--script FILE] [--pause MS]

          --port N          listen on 127.0.0.1:N; a free port if left out
          --token T         the bot's token
          --port-file FILE  write the port to FILE once it listens
          --notices FIFO    show the lines that other programs write into FIFO
          --script FILE     play FILE instead of reading the terminal
          --pause MS        wait that long after each step of a script; 1000 if left
                            out and standard output is a terminal, else 0

        In the terminal: text is sent; #2 or /tap 2 taps button 2 of the last message;
        /photo FILE sends a photo; \\ at the end of a line: the text continues in
        the next one, and \\\\ there is one \\; /quit or Ctrl-D ends.

        A script, line by line; # begins a comment:
          > TEXT            send TEXT
          tap LABEL         tap the newest button with this label, or callback data
          photo FILE        send a photo
          expect TEXT       wait 20 s at most for a message of the bot with TEXT in it
          run COMMAND       run a shell command; its failure ends the script
          say TEXT          show TEXT
        """

    var port = 0
    var token: String?
    var portFile: String?
    var noticesPath: String?
    var scriptPath: String?
    var pause: Duration?
    var showsUsage = false

    init(_ arguments: [String]) throws(ChatError) {
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            switch flag {
            case "--help", "-h": showsUsage = true
            case "--port":
                let value = try Self.value(of: flag, &rest)
                guard let number = Int(value), (0...65_535).contains(number) else {
                    throw ChatError("--port takes a number from 0 to 65535, not \(value)")
                }
                port = number
            case "--token": token = try Self.value(of: flag, &rest)
            case "--port-file": portFile = try Self.value(of: flag, &rest)
            case "--notices": noticesPath = try Self.value(of: flag, &rest)
            case "--pause":
                let value = try Self.value(of: flag, &rest)
                guard let number = Int(value), (0...60_000).contains(number) else {
                    throw ChatError("--pause takes milliseconds from 0 to 60000, not \(value)")
                }
                pause = .milliseconds(number)
            case "--script": scriptPath = try Self.value(of: flag, &rest)
            default: throw ChatError("unknown argument \(flag)")
            }
        }
    }

    private static func value(of flag: String, _ rest: inout ArraySlice<String>) throws(ChatError) -> String {
        guard let value = rest.popFirst() else { throw ChatError("\(flag) needs a value") }
        return value
    }
}
