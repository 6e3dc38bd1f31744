// SPDX-License-Identifier: BSL-1.0
// What can be wrong with the Twilio that the example server plays: to see what TEST CONFIGURATION says then.
#ifndef PHONEAUTH_EXAMPLES_SERVER_FAKE_SET_UPS_HPP
#define PHONEAUTH_EXAMPLES_SERVER_FAKE_SET_UPS_HPP

#include <string>
#include <string_view>

#include <phoneauth/config.hpp>
#include <phoneauth/testing/twilio_simulator.hpp>

namespace server {

/// Makes a mess of `twilio`, or of `c`, which is how it is called; false if there is no mess of this name.
bool spoil(std::string_view name, phoneauth::testing::twilio_simulator& twilio, phoneauth::twilio_config& c);

/// The names, with commas.
std::string fake_set_up_names();

}  // namespace server

#endif
