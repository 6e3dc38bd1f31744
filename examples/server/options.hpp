// SPDX-License-Identifier: BSL-1.0
// What the example server can be told on its command line, by its environment and in its settings file.
#ifndef PHONEAUTH_EXAMPLES_SERVER_OPTIONS_HPP
#define PHONEAUTH_EXAMPLES_SERVER_OPTIONS_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <phoneauth/config.hpp>
#include <phoneauth/rest/options.hpp>
#include <phoneauth/secret_string.hpp>

namespace server {

struct options {
    bool help = false;
    bool test = false;        ///< test the configuration instead of serving
    std::string address;      ///< IPv4 or IPv6
    unsigned short port = 0;  ///< 0: one that is free
    unsigned threads = 1;
    std::size_t max_connections = 0, max_connections_per_address = 0, max_requests = 0;
    std::vector<std::string> hosts;            ///< by which the server may be called; empty: any
    std::string metrics_address;               ///< IPv4 or IPv6; empty: no counters are served
    unsigned short metrics_port = 0;           ///< 0: one that is free
    std::vector<std::string> metrics_hosts;    ///< as `hosts`
    std::string events;                        ///< "-", "stderr", a file, or empty: events are not written
    bool default_status_callback = false;      ///< the server's own Twilio is to report to the server
    std::string storage;                       ///< a URL; empty: the default
    std::string ca_file;                       ///< empty: the system's certificates
    phoneauth::secret_string proxy;            ///< a URL; empty: none
    bool twilio_over_https = false;            ///< so that certificates are needed
    bool fake_twilio = false;                  ///< no credentials: the server is its own Twilio
    std::string fake_set_up;                   ///< what is wrong with that one; empty: nothing
    phoneauth::secret_string operator_token;   ///< empty: there are no routes for operators
    std::string operators_address;             ///< IPv4 or IPv6; empty: there is no page for operators
    unsigned short operators_port = 0;         ///< 0: one that is free
    std::vector<std::string> operators_hosts;  ///< as `hosts`
    phoneauth::config config;
    phoneauth::rest::options api;  ///< without application id and API key: to be generated
};

/// The options, or everything that is wrong with them, a line each.
struct parsed_options {
    options value;
    std::vector<std::string> problems;
};
parsed_options parse_options(const std::vector<std::string_view>& arguments);

/// The text of `--help`.
std::string help_text();

}  // namespace server

#endif
