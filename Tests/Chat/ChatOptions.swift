/// The command line.
struct ChatOptions {
    static let usage = """
        usage: rivet-chat [--port N] [--token T] [--port-file FILE] [--script FILE]

          --port N          listen on 127.0.0.1:N; a free port if left out
          --token T         the bot's token
          --port-file FILE  write the port to FILE once it listens
          --script FILE     play FILE instead of reading the terminal

        In the terminal: text is sent; /photo FILE sends a photo; /tap N, or N alone,
        taps a button of the last message; /quit ends.

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
    var scriptPath: String?
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
