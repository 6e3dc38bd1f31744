// SPDX-License-Identifier: BSL-1.0

// Two versions in one program do not mix: their types have the same names and perhaps different members. Noticed are
// - two versions in one translation unit, by the preprocessor (outside of the include guard, which both have);
// - translation units of different versions that are linked into one program or shared library, by the linker, on ELF
//   systems: each unit wants the symbol phoneauth_version_NUMBER, and only the first unit's is kept. What the linker may
//   throw away (--gc-sections) it does not notice, nor does the link-time optimization of GCC and lld.
// A program and a shared library may have different versions, as long as neither hands phoneauth's types to the other.
#if defined(PHONEAUTH_VERSION) && PHONEAUTH_VERSION != 100
#error phoneauth 0.1.0 is included after another version of phoneauth: one translation unit can have one version only
#endif

#ifndef PHONEAUTH_VERSION_HPP
#define PHONEAUTH_VERSION_HPP

#ifndef __cpp_exceptions
#error phoneauth needs exceptions: compile without -fno-exceptions
#include <phoneauth_needs_exceptions>  // there is no such file, which spares pages of errors that follow from this one
#endif

/// The library's version as a number: major * 10000 + minor * 100 + patch.
#define PHONEAUTH_VERSION 100
/// The library's version as text (https://semver.org).
#define PHONEAUTH_VERSION_STRING "0.1.0"

#ifdef __ELF__
// The symbol is another name of an inline function, so that a linker drops it together with all copies of the function but
// one. The reference is assembler, because an optimizer would replace it by one to the function.
#define PHONEAUTH_DETAIL_JOIN(a, b) a##b
#define PHONEAUTH_DETAIL_SYMBOL(number) PHONEAUTH_DETAIL_JOIN(phoneauth_version_, number)
#define PHONEAUTH_DETAIL_QUOTE(text) #text
#define PHONEAUTH_DETAIL_TEXT(symbol) PHONEAUTH_DETAIL_QUOTE(symbol)
extern "C" {
[[gnu::used, gnu::visibility("hidden")]] inline void phoneauth_one_version_in_a_program() noexcept {}
[[gnu::used, gnu::visibility("hidden"),
  gnu::alias("phoneauth_one_version_in_a_program")]] void PHONEAUTH_DETAIL_SYMBOL(PHONEAUTH_VERSION)() noexcept;
}
__asm__(".pushsection .data.rel.ro.phoneauth_version,\"aw\",%progbits\n"
        ".balign 8\n"
        ".dc.a " PHONEAUTH_DETAIL_TEXT(PHONEAUTH_DETAIL_SYMBOL(PHONEAUTH_VERSION)) "\n"
                                                                                   ".popsection");
#undef PHONEAUTH_DETAIL_JOIN
#undef PHONEAUTH_DETAIL_SYMBOL
#undef PHONEAUTH_DETAIL_QUOTE
#undef PHONEAUTH_DETAIL_TEXT
#endif

#endif
