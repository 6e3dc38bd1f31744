// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_ADAPTER_HPP
#define PHONEAUTH_FLOWS_ADAPTER_HPP

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/flows/ports.hpp>
#include <phoneauth/policies.hpp>
#include <phoneauth/secrets/password.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// The mode that a storage asks for. What is no storage counts as blocking, so that the compiler says what is wrong with
/// it before it finds other errors.
template <class S>
struct storage_mode {
    /// The mode.
    using type = blocking_mode;
};
/// The mode of a storage: that which all its functions have in common.
template <Storage S>
struct storage_mode<S> {
    ///@{
    /// An argument, for types only; never defined.
    static S& s();
    static const transaction& t();
    static const user& u();
    static const session& added();
    static const std::string& text();
    static const phone_number& phone();
    static const cell_batch& batch();
    ///@}
    /// The mode.
    using type = mode_of<decltype(s().insert_transaction(t())), decltype(s().find_transaction(text())),
                         decltype(s().update_transaction(t())), decltype(s().insert_user(u())),
                         decltype(s().update_user(u())), decltype(s().erase_user(text())),
                         decltype(s().find_user(text())), decltype(s().find_user_by_phone(phone())),
                         decltype(s().find_user_by_identity(text())), decltype(s().insert_session(added())),
                         decltype(s().find_session(text())), decltype(s().find_sessions_of(text())),
                         decltype(s().update_session(added())), decltype(s().erase_session(text())),
                         decltype(s().erase_sessions_of(text(), text())), decltype(s().take_cells(batch()))>;
};

/// The mode that a policy other than the storage asks for; blocking if it is none.
template <class P>
struct policy_mode {
    /// The mode.
    using type = blocking_mode;
};
/// The mode of a transport.
template <HttpTransport T>
struct policy_mode<T> {
    /// The mode.
    using type = mode_of<decltype(std::declval<T&>().send(std::declval<const http_request&>()))>;
};
/// The mode of hooks.
template <Hooks H>
struct policy_mode<H> {
    ///@{
    /// An argument, for types only; never defined.
    static H& h();
    static user& u();
    static code_message& m();
    static const std::string& text();
    ///@}
    /// The mode.
    using type = mode_of<decltype(h().before_registration(u())), decltype(h().after_registration(u())),
                         decltype(h().before_login(u())), decltype(h().after_login(u())),
                         decltype(h().before_update(u(), u())), decltype(h().after_update(u(), u())),
                         decltype(h().before_deletion(u())), decltype(h().after_deletion(u())),
                         decltype(h().before_message(m())), decltype(h().password_allowed(text(), u()))>;
};
/// The mode of a password hasher.
template <PasswordHasher P>
struct policy_mode<P> {
    ///@{
    /// An argument, for types only; never defined.
    static P& p();
    static const std::string& text();
    ///@}
    /// The mode.
    using type = mode_of<decltype(p().hash(text())), decltype(p().verify(text(), text()))>;
};

/// The mode of an authenticator with these policies.
template <class S, class... Others>
using mode_of_policies = typename detail::common_mode<blocking_mode, typename storage_mode<S>::type,
                                                      typename policy_mode<Others>::type...>::type;

/// A kind of policy that an authenticator can do without: the clock.
struct clock_kind {
    /// What takes its place.
    using fallback = system_clock;
    /// Whether `P` is of this kind.
    template <class P>
    static constexpr bool has = Clock<P>;
};
/// The same of hooks.
struct hooks_kind {
    /// What takes their place.
    using fallback = no_hooks;
    /// Whether `P` is of this kind.
    template <class P>
    static constexpr bool has = Hooks<P>;
};
/// The same of the password hasher, whose fallback depends on the mode.
template <class Mode>
struct passwords_kind {
    /// What takes its place.
    using fallback = typename default_passwords<Mode>::type;
    /// Whether `P` is of this kind.
    template <class P>
    static constexpr bool has = PasswordHasher<P>;
};
/// The same of the observer.
struct observer_kind {
    /// What takes its place.
    struct fallback {
        /// Does nothing.
        void operator()(const event&) const noexcept {}
    };
    /// Whether `P` is of this kind.
    template <class P>
    static constexpr bool has = Observer<P>;
};

/// The first of `Options` that is of this kind, by reference; or the kind's fallback.
template <class Kind, class... Options>
class choice {
public:
    /// Whether there is such an option.
    static constexpr bool given = false;
    /// The policy to use.
    typename Kind::fallback& get() noexcept { return own_; }
    /// The policy to use.
    const typename Kind::fallback& get() const noexcept { return own_; }

private:
    typename Kind::fallback own_;
};
/// `First` is not of this kind: the choice is among the rest.
template <class Kind, class First, class... Rest>
class choice<Kind, First, Rest...> : public choice<Kind, Rest...> {
public:
    /// All must outlive this.
    explicit choice(First&, Rest&... rest) : choice<Kind, Rest...>(rest...) {}
};
/// `First` is of this kind.
template <class Kind, class First, class... Rest>
requires(Kind::template has<First>) class choice<Kind, First, Rest...> {
public:
    /// Whether there is such an option.
    static constexpr bool given = true;
    /// `first` must outlive this.
    explicit choice(First& first, Rest&...) noexcept : given_(first) {}
    /// The policy to use.
    First& get() const noexcept { return given_; }

private:
    First& given_;
};

/// Holds references to policies, in whichever order the optional ones come, and hands on what the flows ask of them.
template <class Mode, class S, class T, class... Options>
class adapter final : public ports<Mode> {
    template <class X>
    using yielded = typename Mode::template yielded<X>;

public:
    /// All must outlive this.
    adapter(S& storage, T& transport, Options&... options)
        : storage_(storage), transport_(transport), clock_(options...), hooks_(options...), passwords_(options...),
          observer_(options...) {}

    ///@{
    /// Calls the function of this name of the storage.
    yielded<bool> insert_transaction(const transaction& t) override {
        return Mode::call([this, &t] { return storage_.insert_transaction(t); });
    }
    yielded<std::optional<transaction>> find_transaction(const std::string& id) override {
        return Mode::call([this, &id] { return storage_.find_transaction(id); });
    }
    yielded<bool> update_transaction(const transaction& t) override {
        return Mode::call([this, &t] { return storage_.update_transaction(t); });
    }

    yielded<write_result> insert_user(const user& u) override {
        return Mode::call([this, &u] { return storage_.insert_user(u); });
    }
    yielded<write_result> update_user(const user& u) override {
        return Mode::call([this, &u] { return storage_.update_user(u); });
    }
    yielded<bool> erase_user(const std::string& object_id) override {
        return Mode::call([this, &object_id] { return storage_.erase_user(object_id); });
    }
    yielded<std::optional<user>> find_user(const std::string& object_id) override {
        return Mode::call([this, &object_id] { return storage_.find_user(object_id); });
    }
    yielded<std::optional<user>> find_user_by_phone(const phone_number& phone) override {
        return Mode::call([this, &phone] { return storage_.find_user_by_phone(phone); });
    }
    yielded<std::optional<user>> find_user_by_identity(const std::string& identity) override {
        return Mode::call([this, &identity] { return storage_.find_user_by_identity(identity); });
    }

    yielded<bool> insert_session(const session& s) override {
        return Mode::call([this, &s] { return storage_.insert_session(s); });
    }
    yielded<std::optional<session>> find_session(const std::string& token_hash) override {
        return Mode::call([this, &token_hash] { return storage_.find_session(token_hash); });
    }
    yielded<std::vector<session>> find_sessions_of(const std::string& user_id) override {
        return Mode::call([this, &user_id] { return storage_.find_sessions_of(user_id); });
    }
    yielded<bool> update_session(const session& s) override {
        return Mode::call([this, &s] { return storage_.update_session(s); });
    }
    yielded<bool> erase_session(const std::string& token_hash) override {
        return Mode::call([this, &token_hash] { return storage_.erase_session(token_hash); });
    }
    yielded<std::size_t> erase_sessions_of(const std::string& user_id, const std::string& kept) override {
        return Mode::call([this, &user_id, &kept] { return storage_.erase_sessions_of(user_id, kept); });
    }

    yielded<cell_answer> take_cells(const cell_batch& batch) override {
        return Mode::call([this, &batch] { return storage_.take_cells(batch); });
    }
    ///@}

    /// Calls the transport.
    yielded<result<http_response>> send(const http_request& request) override {
        return Mode::call([this, &request] { return transport_.send(request); });
    }

    ///@{
    /// Calls the password hasher.
    yielded<result<std::string>> hash_password(const std::string& password) override {
        return Mode::call([this, &password] { return passwords_.get().hash(password); });
    }
    yielded<result<bool>> verify_password(const std::string& password, const std::string& hash) override {
        return Mode::call([this, &password, &hash] { return passwords_.get().verify(password, hash); });
    }
    /// False for a hasher that cannot say.
    bool needs_rehash(const std::string& hash) override {
        if constexpr (detail::has_needs_rehash<hasher>)
            return passwords_.get().needs_rehash(hash);
        else
            return false;
    }
    /// Whether the password hasher has one; else `decoy_password` fails.
    bool has_decoy() const noexcept override { return detail::has_decoy<hasher>; }
    yielded<result<bool>> decoy_password(const std::string& password) override {
        if constexpr (detail::has_decoy<hasher>)
            return Mode::call([this, &password] { return passwords_.get().decoy(password); });
        else
            return Mode::call([] { return result<bool>(error::internal); });
    }
    ///@}

    ///@{
    /// Calls the hook of this name.
    yielded<result<void>> before_registration(user& u) override {
        return Mode::call([this, &u] { return hooks_.get().before_registration(u); });
    }
    yielded<result<void>> after_registration(const user& u) override {
        return Mode::call([this, &u] { return hooks_.get().after_registration(u); });
    }
    yielded<result<void>> before_login(const user& u) override {
        return Mode::call([this, &u] { return hooks_.get().before_login(u); });
    }
    yielded<result<void>> after_login(const user& u) override {
        return Mode::call([this, &u] { return hooks_.get().after_login(u); });
    }
    yielded<result<void>> before_update(const user& before, user& changed) override {
        return Mode::call([this, &before, &changed] { return hooks_.get().before_update(before, changed); });
    }
    yielded<result<void>> after_update(const user& before, const user& changed) override {
        return Mode::call([this, &before, &changed] { return hooks_.get().after_update(before, changed); });
    }
    yielded<result<void>> before_deletion(const user& u) override {
        return Mode::call([this, &u] { return hooks_.get().before_deletion(u); });
    }
    yielded<result<void>> after_deletion(const user& u) override {
        return Mode::call([this, &u] { return hooks_.get().after_deletion(u); });
    }
    yielded<result<void>> before_message(code_message& m) override {
        return Mode::call([this, &m] { return hooks_.get().before_message(m); });
    }
    yielded<result<void>> password_allowed(const std::string& password, const user& u) override {
        return Mode::call([this, &password, &u] { return hooks_.get().password_allowed(password, u); });
    }
    ///@}

    /// Calls the clock.
    time_point now() const override { return clock_.get().now(); }
    /// Whether an observer was given.
    bool is_observed() const noexcept override { return decltype(observer_)::given; }
    /// Calls the observer.
    void observe(const event& e) override { std::invoke(observer_.get(), e); }

    /// Where operations with a completion token run: the transport's executor, else the storage's.
    auto executor() const {
        if constexpr (requires { transport_.get_executor(); }) {
            return transport_.get_executor();
        } else {
            static_assert(
                requires { storage_.get_executor(); },
                "phoneauth: neither the transport nor the storage has get_executor(), so nobody says where this "
                "operation is to run; use async_call(executor, …)");
            return storage_.get_executor();
        }
    }

private:
    using hasher = std::remove_reference_t<decltype(std::declval<choice<passwords_kind<Mode>, Options...>&>().get())>;

    S& storage_;
    T& transport_;
    choice<clock_kind, Options...> clock_;
    choice<hooks_kind, Options...> hooks_;
    choice<passwords_kind<Mode>, Options...> passwords_;
    choice<observer_kind, Options...> observer_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
