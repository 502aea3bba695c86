#include <malloc.h> // mallinfo2, which the Glibc module leaves out
