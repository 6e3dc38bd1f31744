// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_FWD_HPP
#define PHONEAUTH_FLOWS_FWD_HPP

#include <memory>

#include <phoneauth/config.hpp>
#include <phoneauth/flows/ports.hpp>

// What the flows' declarations need of the parts that they share, so that whoever compiles the flows elsewhere
// (PHONEAUTH_SEPARATE_COMPILATION) does not compile those parts, either.

namespace phoneauth {
inline namespace v0 {

namespace rules {
class limit_batch;
struct code_request;
}  // namespace rules

namespace flows {

struct context;
struct change_outcome;
enum class send_outcome;
template <class Mode>
struct parts;

/// The parts that the flows of one authenticator share, over `p`, which must outlive them. `process_local`: the storage
/// is this process's own, so that a random key will do for the codes. Throws `config_error`, which lists everything
/// that is wrong with `c`, and `std::runtime_error` when OpenSSL has no randomness for a key.
template <class Mode>
std::shared_ptr<parts<Mode>> make_parts(config c, ports<Mode>& p, bool process_local);
/// The configuration in force; lives as long as `p`.
template <class Mode>
const config& config_of(const parts<Mode>& p) noexcept;

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
