// Linked into a program, this hides the environment that the program was started with from all libraries, before any of
// them reads it. It also ends the program with a message if it was given too little memory. For that there is nothing to
// call; the linker is told that the program begins at entrypoint_start.
#pragma once

// The commit that the program was built from, or "unknown", with a NUL at the end. scripts/build writes it into the linked
// program, so that no commit compiles anything anew.
const char *start_commit(void);
