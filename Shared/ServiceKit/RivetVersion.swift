/// The version of all four programs.
public let rivetVersion = "0.1.0"
