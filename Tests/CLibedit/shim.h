#pragma once

// What Swift cannot import from libedit: its variadic functions, one inline function for each use, and C's stdio streams.

#include <histedit.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <wchar.h>

/// Columns of a character on the screen; -1 for one that cannot be shown. Declared by wchar.h for _XOPEN_SOURCE only.
int wcwidth(wchar_t character);

/// A descriptor with which other threads wake the one that edits.
static inline int rivet_edit_wake_descriptor(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

/// An editor on standard input and output; NULL without memory.
static inline EditLine *rivet_edit_open(const char *program) {
    return el_init(program, stdin, stdout, stderr);
}

/// `function` gives the prompt. What it has between two bytes of value 1 takes no room on the screen.
static inline void rivet_edit_set_prompt(EditLine *edit, char *(*function)(EditLine *)) {
    (void)el_set(edit, EL_PROMPT_ESC, function, '\1');
}

/// The keys of Emacs, whatever EDITOR says.
static inline void rivet_edit_set_emacs(EditLine *edit) {
    (void)el_set(edit, EL_EDITOR, "emacs");
}

/// `function` waits for the next character: 1 when there is one, 0 at the end, -1 after an error.
static inline void rivet_edit_set_read(EditLine *edit, el_rfunc_t function) {
    (void)el_wset(edit, EL_GETCFN, function);
}

static inline void rivet_edit_set_context(EditLine *edit, void *context) {
    (void)el_set(edit, EL_CLIENTDATA, context);
}

static inline void *rivet_edit_context(EditLine *edit) {
    void *context = NULL;
    (void)el_get(edit, EL_CLIENTDATA, &context);
    return context;
}

/// Shows prompt and line from the cursor's place on, as if nothing of them were on the screen.
static inline void rivet_edit_refresh(EditLine *edit) {
    (void)el_set(edit, EL_REFRESH);
}

/// Sets the terminal for editing again, after another program has used it.
static inline void rivet_edit_prepare(EditLine *edit) {
    // libedit takes it for set, and would do nothing.
    (void)el_set(edit, EL_PREP_TERM, 0);
    (void)el_set(edit, EL_PREP_TERM, 1);
}

/// A history of `lines_max` lines for the editor; NULL without memory.
static inline HistoryW *rivet_history_open(EditLine *edit, int lines_max) {
    HistEventW event;
    HistoryW *history = history_winit();
    if (history == NULL) return NULL;
    (void)history_w(history, &event, H_SETSIZE, lines_max);
    (void)history_w(history, &event, H_SETUNIQUE, 1);
    (void)el_wset(edit, EL_HIST, history_w, history);
    return history;
}

static inline void rivet_history_add(HistoryW *history, const wchar_t *line) {
    HistEventW event;
    (void)history_w(history, &event, H_ENTER, line);
}
