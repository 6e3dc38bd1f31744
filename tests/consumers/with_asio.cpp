// SPDX-License-Identifier: BSL-1.0
// A consumer of the asynchronous mode.
#if __has_include(<phoneauth/phoneauth_asio.hpp>)
#include <phoneauth/phoneauth_asio.hpp>  // the single header
#else
#include <phoneauth/asio/awaitable.hpp>
#include <phoneauth/phone_number.hpp>
#endif

int main() { return phoneauth::phone_number::parse("+1 415 555 0100")->str() == "+14155550100" ? 0 : 1; }
