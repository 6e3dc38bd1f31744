// SPDX-License-Identifier: BSL-1.0
// A consumer of the blocking mode.
#include <phoneauth/phone_number.hpp>

int main() { return phoneauth::phone_number::parse("+1 415 555 0100")->str() == "+14155550100" ? 0 : 1; }
