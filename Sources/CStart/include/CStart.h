// Linked into a program, this hides the environment that the program was started with from all libraries, before any of
// them reads it. It also ends the program with a message if it was given too little memory. There is nothing to call;
// the linker is told that the program begins at entrypoint_start.
#pragma once
