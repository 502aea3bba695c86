// Linked into a program, this hides the environment that it was started with from all libraries, before any of them
// reads it. There is nothing to call.
#pragma once
