// SPDX-License-Identifier: BSL-1.0
// Other people's macros are there when our headers come: those of Windows' headers, X11's and the C library's. Whether the
// headers that ours include stand them is not ours to see to: those have come before.
#include "foreign_headers.hpp"

// NOLINTBEGIN
#undef min
#undef max
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#undef major
#undef minor
#define major(device) not_an_expression(device)
#define minor(device) not_an_expression(device)
#define ERROR 0
#define NO_ERROR 0
#define DELETE 0x10000
#define IN
#define OUT
#define OPTIONAL
#define CONST const
#define VOID void
#define TRUE 1
#define FALSE 0
#define STRICT 1
#define THIS void
#define interface struct
#define small char
#define near
#define far
#define pascal
#define cdecl
#define Yield()
#define CreateMutex CreateMutexW
#define GetMessage GetMessageW
#define SendMessage SendMessageW
#define GetObject GetObjectW
#define None 0L
#define Always 2
#define Success 0
#define Status int
#define Bool int
#define True 1
#define False 0
#define unix 1
#define linux 1
#define I _Complex_I
#define B0 0
// NOLINTEND

#include "all_headers.hpp"

int main() {}
