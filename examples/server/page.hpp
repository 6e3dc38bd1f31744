// SPDX-License-Identifier: BSL-1.0
// The page that the example server shows to a browser.
#ifndef PHONEAUTH_EXAMPLES_SERVER_PAGE_HPP
#define PHONEAUTH_EXAMPLES_SERVER_PAGE_HPP

#include <string_view>

#include <phoneauth/http.hpp>

namespace server {

/// The reply to `GET /`: page.html, told where messages go and what the phone's property is called. Its content
/// security policy allows exactly the style and the script that are in it
/// (https://www.w3.org/TR/CSP3/#csp-hash-source).
phoneauth::http_response make_page(bool fake_twilio, std::string_view phone_column);

}  // namespace server

#endif
