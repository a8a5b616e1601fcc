/// The words of one language: one member for each thing that the bot says. A language is one type in one file; the
/// compiler refuses a language that lacks a text.
///
/// Layout, callback data and the order of lines belong to the messages, not to a language.
public protocol Texts: AddMachineTexts, LibraryTexts, PhotoTexts, AboutTexts, TroubleTexts {}
