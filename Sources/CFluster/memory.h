#pragma once

#include <stdbool.h>

// Whether children get what fl_prepare_spawns withheld, from the next one on. The other way round
// it does nothing before fl_prepare_spawns.
void withhold_memory(bool withheld);

// The same for what the heap has grown by since.
void withhold_new_memory(void);

// Whether a signal is ignored and has to be reset in a child; for all, before fl_prepare_spawns.
bool may_be_ignored(int number);
