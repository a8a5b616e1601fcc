#pragma once
#include <utf8proc.h>

/// The options of Normalization Form C. The C names are enumerators, which Swift cannot combine.
static const utf8proc_option_t rivet_utf8proc_nfc = (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
