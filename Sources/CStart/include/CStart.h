// Linked into a program, this hides the environment that it was started with from all libraries, before any of them
// reads it, and ends it with a line where it was given too little memory. There is nothing to call; the linker is told
// that the program begins at entrypoint_start.
#pragma once
