// SPDX-License-Identifier: BSL-1.0
// Whether a sanitizer watches this build: what is measured is then not the library, and what runs is slower.
#ifndef PHONEAUTH_TESTS_SUPPORT_SANITIZED_HPP
#define PHONEAUTH_TESTS_SUPPORT_SANITIZED_HPP

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PHONEAUTH_TESTS_SANITIZED
#elif defined(__clang__)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PHONEAUTH_TESTS_SANITIZED
#endif
#endif

#ifdef PHONEAUTH_TESTS_SANITIZED
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

#endif
