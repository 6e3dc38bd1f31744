// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_CONFIG_HPP
#define PHONEAUTH_DETAIL_CONFIG_HPP

#include <phoneauth/version.hpp>

// Linkage only: no macro changes a type. With PHONEAUTH_SEPARATE_COMPILATION defined for a whole
// program, the function bodies in *.ipp are left out of the headers and come from the one
// translation unit that includes phoneauth/src.hpp.
#ifdef PHONEAUTH_SEPARATE_COMPILATION
#define PHONEAUTH_DECL
#else
#define PHONEAUTH_DECL inline
#endif

#endif
