/// The words of one language: one member for each thing the bot says. A language is one type in one file; the compiler
/// refuses one that lacks a text.
///
/// Lay-out, buttons' data and the order of lines are not a language's business: the messages have them.
public protocol Texts: AddMachineTexts, LibraryTexts, PhotoTexts, AboutTexts, TroubleTexts {}
