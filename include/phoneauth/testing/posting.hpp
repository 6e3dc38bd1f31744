// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_POSTING_HPP
#define PHONEAUTH_TESTING_POSTING_HPP

#include <concepts>
#include <string>
#include <type_traits>

#include <phoneauth/asio/awaitable.hpp>

#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <phoneauth/policies.hpp>
#include <phoneauth/storage/forwarding.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {

/// Makes a blocking policy an asynchronous one, for tests: each function goes to the back of the executor's queue and
/// does its work when it is its turn, so that operations which run at the same time take turns at every call. `P` may
/// be a Storage (or some of its parts), an HttpTransport, a PasswordHasher, or several of them. Around a storage that is
/// local to the process, as `memory_storage` is, no `config::code_keys` are needed; around any other they are.
///
/// @par Thread safety
/// That of `P`.
///
/// @par Lifetime
/// It keeps a reference: the blocking policy must outlive it.
template <class P>
class posting : public forwarding_storage<posting<P>> {
    template <class T>
    using later = ::asio::awaitable<T>;

public:
    /// That of `P`; see `is_process_local`.
    static constexpr bool process_local = is_process_local<P>;

    /// Lets `policy` do the work.
    explicit posting(P& policy) noexcept : policy_(policy) {}

    /// Does `operation` later: see `forwarding_storage`.
    template <class Operation, class... Arguments>
    requires std::invocable<Operation, P&, const Arguments&...>
    auto perform(Operation, const Arguments&... arguments)
        -> later<std::invoke_result_t<Operation, P&, const Arguments&...>> {
        co_await turn();
        co_return Operation()(policy_, arguments...);
    }

    ///@{
    /// The functions of the concepts; see policies.hpp.
    later<result<http_response>> send(const http_request& request) requires HttpTransport<P> {
        co_await turn();
        co_return policy_.send(request);
    }

    later<result<std::string>> hash(const std::string& password) requires PasswordHasher<P> {
        co_await turn();
        co_return policy_.hash(password);
    }
    later<result<bool>> verify(const std::string& password, const std::string& hash) requires PasswordHasher<P> {
        co_await turn();
        co_return policy_.verify(password, hash);
    }
    bool needs_rehash(const std::string& hash) requires phoneauth::detail::has_needs_rehash<P> {
        return policy_.needs_rehash(hash);
    }
    later<result<bool>> decoy(const std::string& password) requires phoneauth::detail::has_decoy<P> {
        co_await turn();
        co_return policy_.decoy(password);
    }
    ///@}

private:
    static later<void> turn() { return ::asio::post(::asio::use_awaitable); }

    P& policy_;
};

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
