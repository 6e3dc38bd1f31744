// SPDX-License-Identifier: BSL-1.0
// The pages that the example server shows to a browser: pages/, put together by the build.
#ifndef PHONEAUTH_EXAMPLES_SERVER_PAGE_HPP
#define PHONEAUTH_EXAMPLES_SERVER_PAGE_HPP

#include <phoneauth/config.hpp>
#include <phoneauth/http.hpp>

namespace server {

/// The reply to `GET /`: the page of accounts, told where messages go, whether there are operators, what the phone's
/// property is called, and what `c` lets users do. Its content security policy allows exactly the style and the script that are in it
/// (https://www.w3.org/TR/CSP3/#csp-hash-source).
phoneauth::http_response make_page(bool fake_twilio, bool has_operators, const phoneauth::config& c);

/// The same for the operators' page.
phoneauth::http_response make_operator_page();

}  // namespace server

#endif
